import type { Manifest } from '#domain/backup/manifest'
import { lostWithSuper } from '#domain/backup/parts-of-super'
import type { RestorePlan } from '#domain/backup/restore-plan'
import { grantOnServer } from '#engine/grant-on-database'
import type { RestoreTarget } from '#engine/logical-writer'

/** Grants with the same text, that are less on a newer MariaDB. */
export function superFindings(
  { serverVersion: is }: Pick<RestoreTarget, 'serverVersion'>,
  { engine, serverVersion: was, accounts }: Pick<Manifest, 'engine' | 'serverVersion' | 'accounts'>,
  { accounts: made }: RestorePlan['makes'],
): string[] {
  if (engine !== 'mariadb') return []
  const grants = accounts
    .filter(({ user, host }) => made.some(one => one.user === user && one.host === host))
    .flatMap(({ user, host, kind, grants }) => {
      const lost = lostWithSuper(grants, was, is)
      return lost.length > 0 ? [grantOnServer(lost, { user, host }, kind === 'role')] : []
    })
  if (grants.length === 0) return []
  return [
    `SUPER is less here (${is}) than it was on the source (${was}), where it had these in it; an upgrade in place would give them: ${grants.join('; ')}`,
  ]
}
