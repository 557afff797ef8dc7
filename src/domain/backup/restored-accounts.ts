import type { AccountEntry } from './manifest.ts'

/** What ecomdb's own accounts are called; they work for programs, not for people. */
const SERVICE_PREFIX = 'ecomdb_'

/**
 * Is this a person's account, which comes back locked? A restore must not bring back
 * somebody who has left since. Programs' accounts come back as they were: ecomdb's own, and
 * those that `services` names. Roles cannot log in.
 *
 * @param services user names of the shop's own programs
 */
export function isPerson(account: AccountEntry, services: readonly string[]): boolean {
  return (
    account.kind === 'account' &&
    account.user !== '' &&
    !account.user.startsWith(SERVICE_PREFIX) &&
    !services.includes(account.user)
  )
}

/** Replaces what stands behind AS, USING, BY or PASSWORD in a statement about an account. */
export function maskHashes(sql: string): string {
  return sql.replace(
    /\b(AS|USING|BY|PASSWORD)(\s+|\s*\(\s*)('(?:[^'\\]|''|\\[\s\S])*'|0x[0-9A-Fa-f]+)/gi,
    "$1$2'********'",
  )
}
