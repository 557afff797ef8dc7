import { describe, expect, test } from 'vitest'
import { countBefore, honestTimes, notAhead } from '#domain/binlog/honest-times'
import { at, stretch } from '#test/made-log'

describe('times of a log that are still to come', () => {
  test('what was seen later bounds them', () => {
    const [one, two, three] = stretch('s', 3).segments
    if (!one || !two || !three) throw new Error('three segments')
    const segments = [
      { ...one, lastAt: at(999), knownUntil: at(900) },
      { ...two, knownUntil: at(16) },
      { ...three, lastAt: at(999) },
    ]
    expect(honestTimes(segments)).toMatchObject([
      { firstAt: at(5), lastAt: at(16), knownUntil: at(16) },
      { firstAt: at(15), lastAt: at(15), knownUntil: at(16) },
      // Nobody has looked since.
      { lastAt: at(999) },
    ])
  })

  test('an archiver knows better at once', () => {
    expect([notAhead(5_000_000, 1), notAhead(50_000_000, 7), notAhead(null, 7)]).toEqual([
      5_000_000,
      7,
      null,
    ])
  })

  test.each([
    [[1, 2, 3], 2, 1],
    [[1, 2, 3], 4, 3],
    [[1, 2, 3], 1, 0],
    // 99 is none: what is behind it tells whether it belongs to the moment.
    [[1, 99, 2, 3], 3, 3],
    [[1, 99, 4], 3, 1],
    [[1, 99], 3, 1],
    [[99, 99, 2], 3, 3],
    // Begun early, and committed late.
    [[1, 4, 2], 3, 1],
  ])('%j: before %i are %i', (times, us, count) => {
    expect(countBefore(times, us, 9)).toBe(count)
  })
})
