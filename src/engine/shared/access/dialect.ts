import type { Principal } from '#domain/access/observed'
import type { AccountName } from '#domain/schema/service-accounts'
import type { Session } from '../../session.ts'

/** What differs between the engines about accounts, roles and privileges. */
export interface AccessDialect {
  readPrincipals(session: Session): Promise<Principal[]>
  readSettings(
    session: Session,
  ): Promise<{ literalSchemas: boolean; mandatoryRoles: AccountName[] }>
  /** After CREATE USER name: no password opens it, and it is locked. */
  readonly lockedWithoutPassword: string
  /** Of the server itself, which nobody may touch. */
  readonly serverAccounts: readonly string[]
  /** Both quoted, as below. */
  revokeAdminOption(role: string, account: string): string[]
  defaultRole(account: string, roles: readonly string[]): string
}
