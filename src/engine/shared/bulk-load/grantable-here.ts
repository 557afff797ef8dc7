import { withoutDanglingGrants } from '#domain/backup/dangling-grants'
import type { AccountEntry, Manifest } from '#domain/backup/manifest'
import { maskHashes } from '#domain/backup/restored-accounts'
import { withoutMissingAdministrators } from '#domain/backup/role-administrators'
import {
  privilegesOf,
  successorsOf,
  unknownPrivileges,
  withoutPrivileges,
} from '#domain/backup/unknown-privileges'
import type { RestoreTarget } from '../../logical-writer.ts'

/** The accounts with what the snapshot and the server let them have, and what that leaves out, in words. */
export function grantableHere(
  wanted: readonly AccountEntry[],
  manifest: Manifest,
  { privileges, accounts: there }: RestoreTarget,
): { accounts: AccountEntry[]; unknown: string[]; notes: string[] } {
  const administered = withoutMissingAdministrators(wanted, there)
  const { accounts, leftOut } = withoutDanglingGrants(administered.accounts, manifest)
  const unknown = unknownPrivileges(accounts, privileges)
  const successors = successorsOf(unknown, privileges)
  return {
    accounts: withoutPrivileges(accounts, new Set(unknown)),
    unknown,
    notes: [
      ...leftOut.map(
        grant => `left out, for what it is on is not in the snapshot: ${maskHashes(grant)}`,
      ),
      ...privilegesOf(accounts, new Set(unknown)).map(
        one => `not granted, for this server does not know it: ${one}`,
      ),
      ...administered.orphans
        .filter(({ role }) => !there.some(one => one.user === role.user && one.host === ''))
        .map(
          ({ role, administrators }) =>
            `role ${role.user} has no administrator, for ${administrators.map(({ user, host }) => `'${user}'@'${host}'`).join(', ')} is not there: drop it and make it again, or it can be granted to nobody`,
        ),
      ...(successors === '' ? [] : [`of these privileges: ${successors}`]),
    ],
  }
}
