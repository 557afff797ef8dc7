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

/** What a segment's envelope says of its transactions. */
export interface SegmentGtids {
  engine: EngineFamily
  gtidsBefore: string
  gtidsAfter: string
  transactions: number
}

/**
 * Could a snapshot with this set have been taken within a segment? As far as can be told without
 * looking at its transactions.
 */
export function couldLieIn(segment: SegmentGtids, snapshotSet: string): boolean {
  const { engine, gtidsBefore, gtidsAfter } = segment
  if (engine === 'mysql') return GtidSet.parse(snapshotSet).covers(gtidsBefore)
  const [before, here, after] = [gtidsBefore, snapshotSet, gtidsAfter].map(text =>
    GtidState.parse(text),
  )
  if (!before || !here || !after) return false
  const domains = here.last()
  if ([...before.last().keys()].some(domain => !domains.has(domain))) return false
  const isOrdered = growth(segment) === BigInt(segment.transactions)
  const isBetween = (gtid: string): boolean =>
    isOrdered
      ? after.covers(gtid) && before.isNotBeyond(gtid)
      : after.covers(gtid.replace(/\d+$/, '0'))
  return here.position().split(',').filter(Boolean).every(isBetween)
}

/**
 * MariaDB: how far the numbers of all domains went up in a segment. As many as it has transactions, where
 * they are in order and none is left out.
 */
export function growth({ gtidsBefore, gtidsAfter }: SegmentGtids): bigint {
  const sum = (gtids: string): bigint =>
    [...GtidState.parse(gtids).last().values()].reduce((all, number) => all + number, 0n)
  return sum(gtidsAfter) - sum(gtidsBefore)
}

/** MariaDB's GTID as a log's scanner writes it. @throws EcomdbError USAGE */
export function numberedAs(gtid: string): string {
  const [domain, server, number] = GtidState.parse(gtid).toString().split('-')
  return [domain, server, number].map(part => BigInt(part ?? 0)).join('-')
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
