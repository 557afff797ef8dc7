import type { AccountName } from '#domain/schema/service-accounts'
import type { SnapshotAccess } from './open-snapshot.ts'

export interface LeaversSince {
  /** Accounts that a restore must not bring back. */
  accounts: readonly AccountName[]
  notes: readonly string[]
  /** Receipts that nobody trusted signed: whom they name comes back. */
  findings: readonly string[]
  /** Handles. */
  people: readonly string[]
}

/**
 * Who has left since a snapshot was made, by the signed receipts in the repository. An account
 * that was there before the receipt and in a later snapshot was made on purpose.
 */
export async function leaversSince(
  { repository, trustedSigners }: SnapshotAccess,
  consistentAt: string,
): Promise<LeaversSince> {
  const { receipts, refused } = await repository.listLeavers(trustedSigners)
  const later = receipts.filter(({ startedAt }) => Date.parse(startedAt) > Date.parse(consistentAt))
  const people = [...new Set(later.map(({ person }) => person))]
  return {
    people,
    accounts: later.flatMap(({ accounts }) => accounts.map(({ user, host }) => ({ user, host }))),
    notes: people.map(
      person =>
        `${person} has left since: if ecomdb's own records are restored too, run \`ecomdb offboard ${person} --confirm ${person}\` again`,
    ),
    findings: refused.map(
      ({ name, error }) =>
        `a receipt for a leaver is not believed, and whom it names may be back: ${name}: ${error.what}; see who that is, and run \`ecomdb offboard\` for them`,
    ),
  }
}
