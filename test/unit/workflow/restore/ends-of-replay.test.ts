import { afterAll, expect, test, vi } from 'vitest'
import { EcomdbError } from '#core/errors'
import type { Transaction } from '#domain/binlog/scanner'
import type { BinlogSegment } from '#domain/binlog/segment'
import type { Stretch } from '#domain/binlog/stretch'
import type { BinlogArchive } from '#repository/binlog-archive'
import type { ChosenStart } from '#workflow/restore/choose-snapshot'
import { nextTransaction } from '#workflow/restore/next-transaction'
import { replaySpan } from '#workflow/restore/replay-span'
import { SegmentScan } from '#workflow/restore/scan-segment'

/** Each of 100 bytes; with one transaction, or none. */
function segments(...transactions: (0 | 1)[]): BinlogSegment[] {
  return transactions.map((count, at) => {
    const begins = at === 0 ? { reason: 'gap', after: null } : null
    const place = { file: 'binlog.000001', from: at * 100, to: at * 100 + 100, object: {} }
    return { ...place, begins, transactions: count } as unknown as BinlogSegment
  })
}

const of = (stretchId: string, list: BinlogSegment[]) =>
  ({ stretchId, segments: list, begins: list[0]?.begins }) as unknown as Stretch
const archive = {} as BinlogArchive
const scan = vi.spyOn(SegmentScan.prototype, 'scan').mockImplementation(async segment => {
  const { from, to, transactions: count } = segment
  const transactions = count ? [{ gtid: `0-1-${to}`, from, to, committedUs: 0 } as Transaction] : []
  return { segment, transactions, historyAt: () => null }
})
afterAll(() => scan.mockRestore())

test('the first that is not restored is in a later segment, or it is said why it is not known', async () => {
  const next = async (stretch: Stretch, at: number, refused: string[] = []) => {
    const segment = stretch.segments[at] as BinlogSegment
    const found = { stretch, segment, stop: { file: '', offset: 0 }, last: null, next: null }
    const broken = refused.map(name => ({ name, why: 'segment 3 is missing', segments: 2 }))
    const log = { stretches: [of('b', segments(1)), stretch], refused: broken }
    const { next, nextUnknown } = await nextTransaction(archive, found, log, [])
    return next?.gtid ?? nextUnknown
  }
  expect(await next(of('a', segments(1, 0, 1)), 0)).toBe('0-1-300')
  scan.mockRejectedValueOnce(new EcomdbError('OBJECT_DAMAGED', { what: 'it is damaged' }))
  expect(await next(of('a', segments(1, 0, 1)), 0)).toBe('it is damaged')
  expect(await next(of('a', segments(1, 0)), 0)).toMatch('purged binary logs')
  expect(await next(of('a', segments(1, 0)), 0, ['binlog/s/a/'])).toBe('segment 3 is missing')
  expect(await next(of('b', segments(1, 0)), 0)).toBeNull()
})

test('the last that is restored is in the middle, where the end has none', async () => {
  const [start, stop] = [0, 400].map(offset => ({ file: 'binlog.000001', offset }))
  const chosen = { stretch: of('a', segments(1, 1, 0, 0)), start, stop } as ChosenStart
  const span = await replaySpan(archive, chosen, [], { readsBeforeStart: true })
  expect(span).toMatchObject({ transactions: 2, last: { gtid: '0-1-200' } })
})
