import type { AccessCatalog } from '../../access-catalog.ts'
import { ownStores } from '../own-store/own-store.ts'
import { recordOperation } from './record-operation.ts'

export const accessCatalog: AccessCatalog = {
  ...ownStores,
  recordOperation,
}
