import { systemClock } from '#core/clock'
import type { Position } from '#domain/backup/position'
import type { HashedSegment } from '#domain/binlog/stretch'
import type { BinlogArchive, SegmentFacts } from '#repository/binlog-archive'
import type { TestKeys } from '#test/snapshots'

export const logFile = (number: number): string => `binlog.00000${number}`

/** Of a snapshot that was taken at the end of such a file. */
export const inFile = (number: number): Position => ({
  ...{ engine: 'mariadb', file: logFile(number), offset: 100, gtidSet: `0-1-${number}` },
})

/** Files of a log, a segment and a transaction to each, behind those that are there. */
export async function archiveFiles(
  archive: BinlogArchive,
  keys: TestKeys,
  stretchId: string,
  count: number,
): Promise<void> {
  const by = { ...keys.options, clock: systemClock }
  const heads = await archive.heads(by.sourceId, by.trustedSigners)
  let last: HashedSegment | null = heads.at(-1) ?? null
  const first = (last?.segment.sequence ?? 0) + 1
  const at = new Date().toISOString()
  for (let sequence = first; sequence < first + count; sequence += 1) {
    const facts: SegmentFacts = {
      ...{ sourceId: by.sourceId, engine: 'mariadb', serverVersion: '10.11.0' },
      ...{ serverUuid: null, serverId: 1, stretchId, sequence },
      previousSha256: last?.sha256 ?? null,
      begins: sequence === 1 ? { reason: 'first', after: null } : null,
      ...{ file: logFile(sequence), from: 0, to: 100, border: 100, open: null },
      ...{ nextFile: logFile(sequence + 1), transactions: 1, firstAt: at, lastAt: at },
      gtidsBefore: sequence === 1 ? '' : `0-1-${sequence - 1}`,
      ...{ gtidsAfter: `0-1-${sequence}`, knownUntil: null, tail: null },
    }
    last = await archive.append(facts, [Buffer.alloc(100)], by)
  }
}
