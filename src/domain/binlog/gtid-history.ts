import type { EngineFamily } from '../engine-family.ts'
import { GtidSet } from './gtid-set.ts'
import { GtidState } from './gtid-state.ts'
import type { GtidHistory } from './history.ts'

/** @throws EcomdbError USAGE */
export function parseHistory(engine: EngineFamily, text: string): GtidHistory {
  return engine === 'mysql' ? GtidSet.parse(text) : GtidState.parse(text)
}

/**
 * Could a snapshot with this set have been taken between two points of a log? As far as can
 * be told without looking at the transactions between them.
 */
export function couldLieBetween(
  engine: EngineFamily,
  before: string,
  snapshotSet: string,
  after: string,
): boolean {
  if (engine === 'mysql') return GtidSet.parse(snapshotSet).covers(before)
  const [low, here, high] = [before, snapshotSet, after].map(text => GtidState.parse(text).last())
  const isAtMost = (a: typeof low, b: typeof low): boolean =>
    [...(a ?? [])].every(([domain, number]) => number <= (b?.get(domain) ?? 0n))
  return isAtMost(low, here) && isAtMost(here, high)
}
