import { EcomdbError } from '#core/errors'
import type { EngineFamily } from '../engine-family.ts'
import { GtidSet } from './gtid-set.ts'
import { GtidState } from './gtid-state.ts'
import type { GtidHistory } from './history.ts'

/** @throws EcomdbError USAGE */
export function parseHistory(engine: EngineFamily, text: string): GtidHistory {
  return engine === 'mysql' ? GtidSet.parse(text) : GtidState.parse(text)
}

/**
 * Can a snapshot whose position has `snapshotSet` have been taken where a binary log's history
 * was `here`? MySQL: every logged transaction is in gtid_executed, which may have more (some
 * that were never logged here). MariaDB: gtid_binlog_pos is the last one of each domain.
 */
export function isHistoryOf(engine: EngineFamily, here: string, snapshotSet: string): boolean {
  if (engine === 'mysql') return GtidSet.parse(snapshotSet).covers(here)
  return GtidState.parse(here).position() === GtidState.parse(snapshotSet).position()
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

/** @throws EcomdbError USAGE when it is not the GTID of one transaction */
export function requireOneGtid(engine: EngineFamily, text: string): void {
  const pattern =
    engine === 'mysql'
      ? /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?::[a-z_][a-z0-9_]{0,31})?:[1-9]\d{0,18}$/i
      : /^\d{1,10}-\d{1,10}-\d{1,20}$/
  if (pattern.test(text.trim())) return
  throw new EcomdbError('USAGE', {
    what: `"${text}" is not the GTID of one transaction`,
    why:
      engine === 'mysql'
        ? 'on MySQL it is UUID:NUMBER, or UUID:TAG:NUMBER'
        : 'on MariaDB it is DOMAIN-SERVER-NUMBER',
    hints: ['`ecomdb backup window` shows the GTIDs of the archive'],
  })
}
