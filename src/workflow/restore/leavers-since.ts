import { EcomdbError } from '#core/errors'
import type { AccountName } from '#domain/schema/service-accounts'
import type { LeaverListing } from '#repository/leaver-receipts'
import type { SnapshotAccess } from './open-snapshot.ts'

export interface LeaversSince {
  /** Accounts that a restore must not bring back. */
  accounts: readonly AccountName[]
  notes: readonly string[]
  /** Of a copy whose repository cannot be asked. */
  unasked: readonly string[]
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
  access: SnapshotAccess,
  consistentAt: string,
): Promise<LeaversSince> {
  const { receipts, refused, unasked } = await allReceipts(access)
  const later = receipts.filter(({ startedAt }) => Date.parse(startedAt) > Date.parse(consistentAt))
  const people = [...new Set(later.map(({ person }) => person))]
  return {
    people,
    accounts: later.flatMap(({ accounts }) => accounts.map(({ user, host }) => ({ user, host }))),
    notes: [
      ...people.map(
        person =>
          `${person} has left since: if ecomdb's own records are restored too, run \`ecomdb offboard ${person} --confirm ${person}\` again`,
      ),
    ],
    unasked,
    findings: refused.map(
      ({ name, error }) =>
        `a receipt for a leaver is not believed, and whom it names may be back: ${name}: ${error.what}; see who that is, and run \`ecomdb offboard\` for them`,
    ),
  }
}

/**
 * Those of a copy, and of its repository, where that can be asked: a copy knows of nobody who has left since it was
 * last brought up to date.
 */
async function allReceipts({
  repository,
  trustedSigners,
  copiedFrom,
}: SnapshotAccess): Promise<LeaverListing & { unasked: string[] }> {
  const own = await repository.listLeavers(trustedSigners)
  if (!copiedFrom) return { ...own, unasked: [] }
  try {
    const origin = await copiedFrom()
    if (origin.id !== repository.id) return { ...own, unasked: [] }
    const { receipts, refused } = await origin.listLeavers(trustedSigners)
    const later = receipts.filter(one => !own.receipts.some(of => of.receiptId === one.receiptId))
    const others = refused.filter(({ name }) => !own.refused.some(one => one.name === name))
    return {
      receipts: [...own.receipts, ...later],
      refused: [...own.refused, ...others],
      unasked: [],
    }
  } catch (error) {
    if (!(error instanceof EcomdbError)) throw error
    const unasked = `who has left since this copy was brought up to date may be back: the repository cannot be asked (${error.what})`
    return { ...own, unasked: [unasked] }
  }
}
