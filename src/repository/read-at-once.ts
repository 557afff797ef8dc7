import { EcomdbError } from '#core/errors'

const isAway = (error: unknown): boolean =>
  error instanceof EcomdbError && error.code === 'TARGET_UNAVAILABLE'

/** A bucket answers each after its way there and back, whatever it is asked for. */
const READS_AT_ONCE = 16

/**
 * What each read brings or fails with, in their order; some of them run at once. Where a target does not answer any more
 * each would be tried for minutes: the rest fails alike.
 */
export async function readAtOnce<One, Read>(
  all: readonly One[],
  read: (one: One) => Promise<Read>,
): Promise<PromiseSettledResult<Read>[]> {
  const outcomes: PromiseSettledResult<Read>[] = []
  for (let at = 0; at < all.length; at += READS_AT_ONCE) {
    const ended = await Promise.allSettled(all.slice(at, at + READS_AT_ONCE).map(read))
    outcomes.push(...ended)
    const away = ended.find(one => one.status === 'rejected' && isAway(one.reason))
    if (away) {
      const rest = all.length - outcomes.length
      return [...outcomes, ...Array.from({ length: rest }, () => away)]
    }
  }
  return outcomes
}
