import { EcomdbError } from '#core/errors'
import type { AccessCatalog } from '../../access-catalog.ts'
import type { Session } from '../../session.ts'
import { runAccountStatement } from '../credentials/run-identified.ts'
import { ownStores } from '../own-store/own-store.ts'
import { compileChange } from './compile-change.ts'
import type { AccessDialect } from './dialect.ts'
import { observeAccess } from './observe-access.ts'
import { recordOperation } from './record-operation.ts'

export function accessCatalog(dialect: AccessDialect): AccessCatalog {
  return {
    ...ownStores,
    recordOperation,
    observe: session => observeAccess(session, dialect),
    compile: (session, change) =>
      compileChange(change, dialect, ownStores.storeName(session, 'access')),
    lockAccess,
    run: runAccountStatement,
  }
}

/** The server takes a moment to notice that a client has gone. */
const LOCK_WAIT_S = 5

async function lockAccess(session: Session): Promise<void> {
  const name = `ecomdb/access/${ownStores.storeName(session, 'access')}`.slice(0, 64)
  if ((await session.value('SELECT GET_LOCK(?, ?)', [name, LOCK_WAIT_S])) === '1') return
  throw new EcomdbError('LOCKED', {
    what: 'another ecomdb changes who has access',
    hints: ['wait for it, then run the command again'],
  })
}
