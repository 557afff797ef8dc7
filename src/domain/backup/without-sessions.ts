import type { AccountEntry, Manifest } from './manifest.ts'
import { definersAmong } from './restored-accounts.ts'

/** The account that ecomdb's broker makes session accounts as: where it is not, a name means nothing. */
const ISSUER = 'ecomdb_issuer'
const SESSION = /^s_.{1,16}_[0-9a-f]{12}$/
/** The broker gives each so many connections at most; "s_import_202611290130" of somebody else has no such limit. */
export const SESSION_CONNECTIONS = 10
const LIMIT = /\bMAX_USER_CONNECTIONS (\d+)\b/

/** @param connections at most so many; 0: no limit */
export const isSessionAccount = (user: string, connections: number): boolean =>
  SESSION.test(user) && connections >= 1 && connections <= SESSION_CONNECTIONS

/** MariaDB: each has a role of its own, which holds the person's. */
export const roleOfSession = (user: string): string => `r${user}`

/**
 * The manifest without the session accounts of the broker: they were made for minutes, for who had just shown
 * password and code, and a restore is no login. So nobody has one after it, and logs in anew. One that
 * programs run as stays, locked as people's are: without it they would not answer.
 */
export function withoutSessions(manifest: Manifest): { manifest: Manifest; notes: string[] } {
  const { accounts, programs } = manifest
  const definers = definersAmong(accounts, programs, () => true).map(({ user }) => user)
  const sessions = accounts
    .filter(one => one.kind === 'account' && isSessionAccount(one.user, limitOf(one)))
    .map(({ user }) => user)
    .filter(user => !definers.includes(user))
  if (sessions.length === 0 || !accounts.some(({ user }) => user === ISSUER)) {
    return { manifest, notes: [] }
  }
  const roles = sessions.map(roleOfSession)
  const isOfRole = (grant: string): boolean =>
    roles.includes(/^GRANT [`"']?([^`"' ]+)[`"']? TO /.exec(grant)?.[1] ?? '')
  const lasting = accounts
    .filter(({ user, kind }) => !(kind === 'role' ? roles : sessions).includes(user))
    .map(account => ({ ...account, grants: account.grants.filter(one => !isOfRole(one)) }))
  return {
    manifest: { ...manifest, accounts: lasting },
    notes: [
      `${sessions.length} of the broker's session accounts not brought back: people log in anew (${sessions.join(', ')})`,
    ],
  }
}

/** MySQL says it where the account is made, MariaDB in its grants. */
function limitOf({ create, grants }: AccountEntry): number {
  const limits = [...create, ...grants].map(statement => Number(LIMIT.exec(statement)?.[1] ?? 0))
  return Math.max(0, ...limits)
}
