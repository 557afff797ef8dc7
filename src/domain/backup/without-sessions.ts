import type { AccountEntry, Manifest } from './manifest.ts'

/** The account that ecomdb's broker makes session accounts as: where it is not, a name means nothing. */
const ISSUER = 'ecomdb_issuer'
const SESSION = /^s_.{1,16}_[0-9a-f]{12}$/
/** MariaDB: each has a role of its own, which holds the person's. */
const ROLE = /^rs_.{1,16}_[0-9a-f]{12}$/
const OF_ROLE = /^GRANT [`"']?rs_.{1,16}_[0-9a-f]{12}[`"']? TO /

export const isSessionAccount = (user: string): boolean => SESSION.test(user)
export const isSessionRole = (role: string): boolean => ROLE.test(role)

/**
 * The manifest without the session accounts of the broker: they were made for minutes, for who had just shown
 * password and code, and a restore is no login. So nobody has one after it, and logs in anew.
 */
export function withoutSessions(manifest: Manifest): { manifest: Manifest; notes: string[] } {
  const isTheirs = ({ user, kind }: AccountEntry): boolean =>
    kind === 'account' ? isSessionAccount(user) : isSessionRole(user)
  const gone = manifest.accounts.filter(isTheirs)
  if (gone.length === 0 || !manifest.accounts.some(({ user }) => user === ISSUER)) {
    return { manifest, notes: [] }
  }
  const accounts = manifest.accounts
    .filter(account => !isTheirs(account))
    .map(account => ({ ...account, grants: account.grants.filter(one => !OF_ROLE.test(one)) }))
  const count = gone.filter(({ kind }) => kind === 'account').length
  return {
    manifest: { ...manifest, accounts },
    notes: [`${count} of the broker's session accounts not brought back: people log in anew`],
  }
}
