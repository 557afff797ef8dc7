import type { AccountName } from '../schema/service-accounts.ts'
import type { Change } from './change.ts'
import { effectiveRights } from './effective.ts'
import { accountKey, type ObservedAccess } from './observed.ts'

const LOSSES: readonly Change['do'][] = ['revoke', 'revoke role', 'lock', 'drop role']

/**
 * The accounts on record from which something is taken, by themselves or through a role: not
 * administrators, who on MariaDB hold every role that they made. Their open
 * sessions go on as they were: on MariaDB with a role that is revoked, on both engines with
 * rights on the whole server. Only KILL ends that.
 */
export function losers(changes: readonly Change[], observed: ObservedAccess): AccountName[] {
  const taken = new Set(
    changes.flatMap(change =>
      LOSSES.includes(change.do) && 'account' in change ? [accountKey(change.account)] : [],
    ),
  )
  if (taken.size === 0) return []
  const known = new Set(observed.records.map(({ account }) => accountKey(account)))
  return observed.principals
    .filter(({ kind, account }) => kind === 'account' && known.has(accountKey(account)))
    .filter(
      ({ account, roles }) =>
        taken.has(accountKey(account)) ||
        roles.some(({ role }) => taken.has(accountKey(role))) ||
        effectiveRights(observed, account).some(({ through }) =>
          through.some(role => taken.has(accountKey(role))),
        ),
    )
    .map(({ account }) => account)
}
