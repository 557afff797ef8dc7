import type { AccessCatalog } from '../../access-catalog.ts'
import { ownStores } from '../own-store/own-store.ts'
import type { AccessDialect } from './dialect.ts'
import { observeAccess } from './observe-access.ts'
import { recordOperation } from './record-operation.ts'

export function accessCatalog(dialect: AccessDialect): AccessCatalog {
  return {
    ...ownStores,
    recordOperation,
    observe: session => observeAccess(session, dialect),
  }
}
