import type { AccountKind, PersonRecord } from '#domain/access/person'
import type { AccountName } from '#domain/schema/service-accounts'
import type { Session } from './session.ts'

/** An account that stands for a person, as ecomdb's store and this server know it. */
export interface PersonAccount extends AccountName {
  kind: AccountKind
  exists: boolean
  locked: boolean
}

/** What still points to an account besides its own rights. */
export interface Traces {
  /** Accounts that may act as one of theirs: a DROP leaves these rows behind (both engines). */
  proxies: readonly { account: AccountName; actsAs: AccountName }[]
  /** Grants that the server says they made. Others hold them, so they are told and not taken. */
  grantsMade: readonly { grantee: AccountName; on: string; privileges: string }[]
  /** Roles that nobody could grant any more (MariaDB: a role has administrators). */
  administers: readonly string[]
}

/** Takes a person's access away, for good. */
export interface Leavers {
  /** @returns null when ecomdb does not know the person */
  person(session: Session, handle: string): Promise<PersonRecord | null>
  /** Every account that ever stood for the person, whether it is still there or not. */
  accounts(session: Session, handle: string): Promise<PersonAccount[]>
  /** Accounts with this user name that ecomdb does not answer for. */
  unknownAccounts(session: Session, user: string): Promise<AccountName[]>
  /** From now on these stand for the person. */
  adopt(session: Session, handle: string, accounts: readonly AccountName[]): Promise<void>
  /**
   * The lock that everything takes which gives a person access, or ends it; held until the
   * session ends.
   *
   * @throws EcomdbError LOCKED
   */
  hold(session: Session, handle: string): Promise<void>
  release(session: Session, handle: string): Promise<void>
  setState(session: Session, handle: string, state: PersonRecord['state']): Promise<void>
  /** The statements that `lock` and `drop` run, to show. */
  lockStatement(accounts: readonly AccountName[]): string
  dropStatement(account: AccountName): string
  /** A file for a server's option init_file: it drops them before anybody can connect. */
  dropFile(accounts: readonly AccountName[]): string
  /** Who does it: the user of the host, and the account as the server sees it. */
  actor(session: Session): Promise<string>
  lock(session: Session, accounts: readonly AccountName[]): Promise<void>
  unlock(session: Session, accounts: readonly AccountName[]): Promise<void>
  /** Which of these are there, and locked: also on a replica, which may lag. */
  states(
    session: Session,
    accounts: readonly AccountName[],
  ): Promise<{ account: AccountName; exists: boolean; locked: boolean }[]>
  /** Removes the second factor. @returns the rows that were removed */
  forgetSecrets(session: Session, handle: string): Promise<number>
  traces(session: Session, accounts: readonly AccountName[]): Promise<Traces>
  /** Makes the locked account that definer objects go to, where it is missing. */
  ensureDefiner(session: Session, definer: AccountName): Promise<void>
  endProxies(session: Session, proxies: Traces['proxies']): Promise<void>
  /** @param binlog false: replicas do not hear of it */
  drop(session: Session, accounts: readonly AccountName[], binlog?: boolean): Promise<void>
}
