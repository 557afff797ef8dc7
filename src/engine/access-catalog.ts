import type { Change } from '#domain/access/change'
import type { ObservedAccess } from '#domain/access/observed'
import type { OwnStores } from './own-store.ts'
import type { Session } from './session.ts'

/** One thing that was done to access, credentials or the audit, for the trail. */
export interface Operation {
  /** "access apply" */
  command: string
  /** Who or what it was done to: a person, an account, a role. */
  subject: string
  /** Whatever says what was done; never a secret. */
  detail: object
}

/**
 * What ecomdb knows of accounts, roles and privileges: its own records, and the server's
 * catalogue.
 */
export interface AccessCatalog extends OwnStores {
  /**
   * Adds to the operations, which are never changed: every command that changes access,
   * credentials or the audit calls it. Makes the store where there is none.
   *
   * @throws EcomdbError as ensureStore
   */
  recordOperation(session: Session, operation: Operation): Promise<void>
  /**
   * Accounts, roles and all that is granted, from the catalogue's tables (never from the
   * text of SHOW GRANTS), and what ecomdb has on record. Changes nothing.
   *
   * @throws EcomdbError PRIVILEGE_MISSING without SELECT on the schema mysql
   */
  observe(session: Session): Promise<ObservedAccess>
  /** The statements of a change, just as they are printed and sent; none holds a secret. */
  compile(session: Session, change: Change): string[]
  /**
   * Makes this session the only one that changes access, until it ends.
   *
   * @throws EcomdbError LOCKED
   */
  lockAccess(session: Session): Promise<void>
  run(session: Session, sql: string): Promise<void>
}
