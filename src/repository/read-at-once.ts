/** A bucket answers each after its way there and back, whatever it is asked for. */
const READS_AT_ONCE = 16

/** What each read brings or fails with, in their order; some of them run at once. */
export async function readAtOnce<One, Read>(
  all: readonly One[],
  read: (one: One) => Promise<Read>,
): Promise<PromiseSettledResult<Read>[]> {
  const outcomes: PromiseSettledResult<Read>[] = []
  for (let at = 0; at < all.length; at += READS_AT_ONCE) {
    outcomes.push(...(await Promise.allSettled(all.slice(at, at + READS_AT_ONCE).map(read))))
  }
  return outcomes
}
