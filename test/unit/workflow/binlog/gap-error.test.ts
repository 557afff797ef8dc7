import { expect, test } from 'vitest'
import type { BinlogSegment } from '#domain/binlog/segment'
import type { BinlogServer } from '#engine/binlog'
import { gapError } from '#workflow/binlog/gap-error'

const segment = (times: Partial<BinlogSegment>): BinlogSegment =>
  ({ file: 'binlog.000001', to: 100, nextFile: null, ...times }) as BinlogSegment

/** What is said of an archive until 12:00 when the server's log begins at this time. */
function saidOf(firstAt: string): string {
  const archived = segment({ knownUntil: '2026-11-28T12:00:00.000000Z' })
  const begun = segment({ firstAt })
  const heads = [{ segment: archived, sha256: '' }]
  const begin = { reason: 'history', after: null } as const
  return gapError(begin, heads, begun, { files: [] } as unknown as BinlogServer).what
}

test('a log that begins behind the archive, and one that begins before its end', () => {
  expect(saidOf('2026-11-28T12:01:00Z')).toBe(
    'the binary log from 2026-11-28T12:00:00.000000Z to 2026-11-28T12:01:00Z is lost',
  )
  expect(saidOf('2026-11-28T11:59:00Z')).toBe(
    'the binary log begins anew at 2026-11-28T11:59:00Z, before the end of the archived one, 2026-11-28T12:00:00.000000Z',
  )
})
