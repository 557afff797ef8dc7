import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '#core/errors'
import { throwIfInterrupted } from '#core/interruption'
import { CLOCK_TOLERANCE_MS } from '#domain/has-not-come'
import type { AccountName } from '#domain/schema/service-accounts'
import type { LeaverListing, LeaverReceipt } from '#repository/leaver-receipts'
import type { Repository } from '#repository/repository'
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
 * that is in a snapshot of after the receipt was made on purpose.
 */
export async function leaversSince(
  access: SnapshotAccess,
  consistentAt: string,
  withinMs = SOON_MS,
): Promise<LeaversSince> {
  const { receipts, refused, unasked } = await allReceipts(access, withinMs)
  const later = receipts.filter(one => !wasOutBefore(one, Date.parse(consistentAt)))
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
 * A snapshot that is taken while somebody is taken out may have the account open: they count as gone when that was
 * over, not when it began. The two moments are of two clocks, so that one of a little later counts as before.
 */
function wasOutBefore({ completedAt }: LeaverReceipt, consistentMs: number): boolean {
  return completedAt !== null && Date.parse(completedAt) + CLOCK_TOLERANCE_MS < consistentMs
}

/** One that does not answer is tried for two minutes, which nobody has on that day. */
const SOON_MS = 20_000

/**
 * Those of a copy, and of its repository, where that can be asked: a copy knows of nobody who has left since it was
 * last brought up to date.
 */
async function allReceipts(
  { repository, trustedSigners, copiedFrom }: SnapshotAccess,
  withinMs: number,
): Promise<LeaverListing & { unasked: string[] }> {
  const own = await repository.listLeavers(trustedSigners)
  if (!copiedFrom) return { ...own, unasked: [] }
  try {
    const listed = await soon(ofOrigin(copiedFrom, repository.id, trustedSigners), withinMs)
    if (!listed) return { ...own, unasked: [] }
    const later = listed.receipts.filter(
      one => !own.receipts.some(of => of.receiptId === one.receiptId),
    )
    const others = listed.refused.filter(({ name }) => !own.refused.some(one => one.name === name))
    return {
      receipts: [...own.receipts, ...later],
      refused: [...own.refused, ...others],
      unasked: [],
    }
  } catch (error) {
    // Whatever it is: on the day when the repository is gone, the copy has to do.
    throwIfInterrupted()
    const unasked = `who has left since this copy was brought up to date may be back: the repository cannot be asked (${messageOf(error)})`
    return { ...own, unasked: [unasked] }
  }
}

/** null where that is another repository. */
async function ofOrigin(
  open: () => Promise<Repository>,
  id: string,
  trustedSigners: readonly string[],
): Promise<LeaverListing | null> {
  const origin = await open()
  return origin.id === id ? await origin.listLeavers(trustedSigners) : null
}

async function soon<T>(answer: Promise<T>, withinMs: number): Promise<T> {
  const late = new AbortController()
  const never = sleep(withinMs, null, { signal: late.signal }).then(() => {
    throw new Error(`no answer within ${withinMs / 1000} s`)
  })
  try {
    return await Promise.race([answer, never])
  } finally {
    late.abort()
    for (const left of [answer, never]) left.catch(() => {})
  }
}
