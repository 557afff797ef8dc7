import { expect, test } from 'vitest'
import { unseenBefore, unseenStarts } from '#domain/binlog/unseen'
import { at, MINUTE_MS, stretch } from '#test/made-log'

test('a server that was not seen for long before its start', () => {
  const begun = Date.parse(at(10))
  expect(unseenBefore(begun, [begun - 2 * MINUTE_MS, null])).toBeNull()
  expect(unseenBefore(begun, [begun - 5 * MINUTE_MS, begun - MINUTE_MS])).toBeNull()
  expect(unseenBefore(begun, [begun - 5 * MINUTE_MS, begun - 3 * MINUTE_MS])).toEqual({
    from: at(7),
    until: at(10),
  })
  // A clock that was set back.
  expect(unseenBefore(begun, [begun + MINUTE_MS])).toBeNull()
})

test('it is told once, where its file begins', () => {
  const unseen = { from: at(1), until: at(4) }
  const { segments } = stretch('s', 4)
  const marked = segments.map(one => ({ ...one, unseen }))
  expect(unseenStarts(marked).map(({ segment }) => segment.from)).toEqual([0, 0])
  expect(unseenStarts(segments)).toEqual([])
})
