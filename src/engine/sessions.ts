import type { AccountName } from '#domain/schema/service-accounts'
import type { Session } from './session.ts'

/** A connection that the server has open. */
export interface OpenSession {
  id: number
  user: string
  /** The client's host, without its port: "localhost", "10.0.0.7". */
  clientHost: string
  /** Killed already, and still rolling back: it can read nothing more. */
  ending: boolean
}

/**
 * Open sessions of accounts. Only KILL ends one: neither ACCOUNT LOCK nor DROP USER does, and
 * on MariaDB not even a revoked role (both engines, measured).
 */
export interface Sessions {
  /**
   * Those of the accounts, and those that have not said yet who they are: one that began to log
   * in before an account was locked may still come in as it.
   *
   * @throws EcomdbError PRIVILEGE_MISSING when the account sees none but its own
   */
  list(
    session: Session,
    accounts: readonly AccountName[],
  ): Promise<{ open: OpenSession[]; entering: OpenSession[] }>
  /** Ends connections by their ids; one that is gone already is passed over. */
  kill(session: Session, ids: readonly number[]): Promise<void>
}
