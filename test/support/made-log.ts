import type { SnapshotEnvelope } from '#domain/backup/envelope'
import type { BinlogSegment } from '#domain/binlog/segment'
import type { Stretch } from '#domain/binlog/stretch'
import type { StayingSnapshot } from '#domain/retention/log-trim'

export const MINUTE_MS = 60_000
const START = Date.UTC(2026, 10, 20, 13)
export const at = (minute: number): string => new Date(START + minute * MINUTE_MS).toISOString()

/** Two segments to a file of the server, a transaction and ten minutes to each. */
export function stretch(
  stretchId: string,
  count: number,
  reason: 'first' | 'history' = 'first',
): Stretch {
  const segments = Array.from({ length: count }, (_, index) => {
    const isFirst = index % 2 === 0
    const file = (number: number) => `binlog.${String(number).padStart(6, '0')}`
    const number = Math.floor(index / 2) + 1
    return {
      ...{ sourceId: 's', engine: 'mysql', stretchId, sequence: index + 1 },
      ...{ file: file(number), from: isFirst ? 0 : 100, to: isFirst ? 100 : 200 },
      nextFile: isFirst ? null : file(number + 1),
      ...{ transactions: 1, firstAt: at(index * 10 + 5), lastAt: at(index * 10 + 5) },
      ...{ gtidsBefore: gtids(index), gtidsAfter: gtids(index + 1), knownUntil: null },
      ...{ begins: index === 0 ? { reason, after: null } : null, object: null },
      closedAt: at(index * 10 + 6),
    } as unknown as BinlogSegment
  })
  return { stretchId, sourceId: 's', segments, begins: { reason, after: null }, headSha256: '' }
}

const SERVER = '3e11fa47-71ca-11e1-9e33-c80aa9429562'
const gtids = (count: number): string => (count === 0 ? '' : `${SERVER}:1-${count}`)

/** Taken behind so many transactions. */
export function taken(
  transactions: number,
  more: { method?: 'physical'; scope?: string; proven?: boolean } = {},
): StayingSnapshot {
  const [file, half] = [Math.floor(transactions / 2) + 1, transactions % 2]
  const position = {
    ...{ engine: 'mysql', file: `binlog.${String(file).padStart(6, '0')}` },
    ...{ offset: half === 0 ? 4 : 100, gtidSet: gtids(transactions) },
  }
  const envelope = {
    ...{ snapshotId: `after ${transactions}`, method: more.method ?? 'logical', sourceId: 's' },
    ...{ engine: 'mysql', consistentAt: at(transactions * 10), position },
    scope: more.scope ?? null,
  } as unknown as SnapshotEnvelope
  return { envelope, proven: more.proven ?? true }
}
