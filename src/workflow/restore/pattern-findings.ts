import type { Manifest } from '#domain/backup/manifest'
import type { RestorePlan } from '#domain/backup/restore-plan'
import { grantsOnPatterns } from '#domain/backup/restored-accounts'
import type { RestoreTarget } from '#engine/logical-writer'

/**
 * Grants that come back as they were printed, and mean other databases here. With ON the server takes `shop%` and
 * `shop\_eu` for names, and the account may do nothing there; with OFF it takes `shop_eu` for a pattern, and the
 * account may do more (9.7).
 */
export function patternFindings(
  { settings: here }: RestoreTarget,
  { settings, accounts, databases }: Manifest,
  { accounts: made }: RestorePlan['makes'],
): string[] {
  const [was, is] = [settings, here].map(all => all['partial_revokes'])
  if (was === undefined || is === undefined || was === is) return []
  const opened = was === 'OFF' ? databases.map(({ name }) => name) : null
  const grants = accounts
    .filter(({ user, host }) => made.some(one => one.user === user && one.host === host))
    .flatMap(account => grantsOnPatterns(account.grants, opened))
  if (grants.length === 0) return []
  const means =
    is === 'ON'
      ? 'these grants name databases as they stand here, "_", "%" and "\\" with them, where they were patterns'
      : 'in these grants "_" and "%" stand for other letters, too, where they were names'
  return [
    `partial_revokes was ${was} on the source and is ${is} here: ${means}; set it as it was (SET PERSIST, then a restart), or grant anew what is meant: ${grants.join('; ')}`,
  ]
}
