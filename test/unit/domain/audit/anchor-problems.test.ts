import { expect, test } from 'vitest'
import { notCompared } from '#domain/audit/anchor-problems'

const policy = {
  anchors: 2,
  seal: { everyMs: 5_000, heartbeatMs: 300_000, withinMs: 600_000, maxEvents: 1 },
}
const readAt = '2026-03-01 10:00:00.000000'
const ago = (minutes: number): string =>
  new Date(Date.parse('2026-03-01T10:00:00Z') - minutes * 60_000).toISOString()

test('an anchor vouches only for what it has', () => {
  const all = { anchors: 2, unasked: [], behind: [], readAt }
  const end = (label: string, last: number, minutes: number) => {
    return { label, last, since: ago(minutes) }
  }
  const none = { fewer: [], late: [] }
  expect(notCompared(all, policy)).toEqual(none)
  // The sealer takes it there just now, or its anchor was away for a moment.
  const behind = [end('a', 0, 0.9), end('b', 7, 9)]
  expect(notCompared({ ...all, behind }, policy)).toEqual(none)
  expect(notCompared({ ...all, behind: [end('a', 0, 1.1), end('b', 7, 11)] }, policy)).toEqual({
    fewer: [expect.stringMatching(/^compared with 1 anchors of 2: /)],
    late: [
      'the anchor a has no checkpoint of this trail',
      'the anchor b ends at batch 7: a roll-back to what came after may look right',
    ],
  })
  expect(notCompared({ ...all, anchors: 0, unasked: ['a: gone'] }, policy)).toEqual({
    fewer: [
      'a: gone',
      expect.stringMatching(/^compared with 0 anchors of 2: /),
      expect.stringMatching(/^no erasure ledger was read/),
    ],
    late: [],
  })
  expect(notCompared({ ...all, anchors: 0 }, { ...policy, anchors: 0 })).toEqual(none)
})
