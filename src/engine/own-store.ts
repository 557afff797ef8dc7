import type { Session } from './session.ts'

/** ecomdb's own databases on the server, beside the shop's schema and never part of it. */
export type OwnStoreName = 'access' | 'audit'

/**
 * The databases that ecomdb keeps its own data in. Each is made from the plain SQL of
 * src/engine/migrations/NAME, whatever its state: files that ran are known by a journal in
 * the database, with their checksums. Nobody but an administrator has rights there.
 */
export interface OwnStores {
  /**
   * Brings a store up to date, and gives the name of its database back. When there is
   * nothing to do it costs one query, and nothing for a session that was here before.
   *
   * @throws EcomdbError PRIVILEGE_MISSING when the account may not make it; LOCKED when
   *   another ecomdb is at it; SCHEMA_DRIFT when the store was made by other files than these
   */
  ensureStore(session: Session, store: OwnStoreName): Promise<string>
  /** Whether there is such a database; nothing is made. */
  storeExists(session: Session, store: OwnStoreName): Promise<boolean>
  /** The database's name, whether it is there or not. */
  storeName(session: Session, store: OwnStoreName): string
}
