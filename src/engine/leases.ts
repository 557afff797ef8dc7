import type { Lease, LeaseRequest } from '#domain/access/lease'
import type { AccountName } from '#domain/schema/service-accounts'
import type { Session } from './session.ts'

/** What stands behind an end that nobody enforces. */
export interface DeadManState {
  installed: boolean
  /** Does the server run events at all? */
  scheduler: boolean
}

/** Roles that people hold for a time, in ecomdb's store and on the server. */
export interface Leases {
  /** Of one person, or of all with null; by their ids. */
  list(session: Session, person: string | null): Promise<Lease[]>
  /** Of all; none where ecomdb's store is not there yet, which this does not make. */
  all(session: Session): Promise<Lease[]>
  /**
   * Writes it with its entry in the record of operations, under the command's name: both or neither.
   * Who logs in through the broker holds the role from then on.
   */
  add(session: Session, request: LeaseRequest, grantedBy: string, command: string): Promise<Lease>
  /** Does nothing to one that has ended. */
  end(session: Session, grantId: number, endedBy: string, reason: string): Promise<void>
  roleExists(session: Session, role: string): Promise<boolean>
  /** Roles that are granted to an account directly. */
  heldRoles(session: Session, account: AccountName): Promise<string[]>
  /** GRANT, and what makes the role active at login, as statements. */
  giveStatements(session: Session, account: AccountName, role: string): Promise<string[]>
  /** REVOKE, as statements; empty when the account does not hold it. */
  takeStatements(session: Session, account: AccountName, role: string): Promise<string[]>
  /** Runs statements of these, one after the other. */
  run(session: Session, statements: readonly string[]): Promise<void>
  deadMan(session: Session): Promise<DeadManState>
  /**
   * An event on the server that, each minute, locks the accounts of people whose leases have
   * run out without having been ended, and kills their sessions. It works without ecomdb.
   *
   * @throws EcomdbError PRIVILEGE_MISSING
   */
  installDeadMan(session: Session): Promise<void>
  /** Accounts that the dead-man has locked, of people who are locked for nothing else. */
  deadManLocks(session: Session): Promise<{ account: AccountName; grantId: number }[]>
  forgetDeadManLock(session: Session, account: AccountName): Promise<void>
}
