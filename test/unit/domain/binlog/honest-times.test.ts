import { describe, expect, test } from 'vitest'
import { countBefore, honestTimes, ownTime, spanOf } from '#domain/binlog/honest-times'
import { at, stretch } from '#test/made-log'

const NOW = new Date(at(1000))

describe('times of a log that are still to come', () => {
  test('what was seen later bounds them', () => {
    const [one, two, three] = stretch('s', 3).segments
    if (!one || !two || !three) throw new Error('three segments')
    const segments = [
      { ...one, lastAt: at(999), knownUntil: at(900) },
      { ...two, knownUntil: at(16) },
      { ...three, lastAt: at(999) },
    ]
    const honest = honestTimes(segments, NOW)
    expect(honest.segments).toMatchObject([
      { firstAt: at(5), lastAt: at(16), knownUntil: at(16) },
      { firstAt: at(15), lastAt: at(15), knownUntil: at(16) },
      // Nobody has looked since.
      { lastAt: at(999) },
    ])
    // A moment just before somebody looked is not that of what had no time of its own.
    const own = { ...stretch('s', 3), ...honest }
    expect(own.segments.map(one => ownTime(own, one))).toEqual([null, at(16), at(999)])
  })

  test('what was seen by a clock that was behind bounds nothing', () => {
    const [one, two, three] = stretch('s', 3).segments
    if (!one || !two || !three) throw new Error('three segments')
    const behind = { firstAt: at(-45), lastAt: at(-45), knownUntil: at(-44), closedAt: at(16) }
    const segments = [{ ...one, knownUntil: at(6) }, { ...two, ...behind }, three]
    expect(honestTimes(segments, NOW)).toEqual({ segments, untrue: new Set() })
  })

  test('a clock that was behind for a while takes no moment away', () => {
    const { segments } = stretch('s', 7)
    const seen = [6, 16, 26, -500_000, -499_990, 56, 66]
    const made = segments.map((one, index) => {
      const [lastAt, knownUntil] = [(seen[index] ?? 0) - 1, seen[index] ?? 0].map(at)
      return {
        ...one,
        firstAt: lastAt ?? null,
        lastAt: lastAt ?? null,
        knownUntil: knownUntil ?? null,
      }
    })
    expect(honestTimes(made, NOW).segments).toEqual(made)
    // Also while it is behind.
    expect(honestTimes(made.slice(0, 4), NOW).segments).toEqual(made.slice(0, 4))
    const [one, two, ...more] = made.toSpliced(4, 1)
    if (!one || !two) throw new Error('two segments')
    const ahead = [one, { ...two, lastAt: at(900), knownUntil: at(901) }, ...more]
    expect(honestTimes(ahead, NOW).segments).toMatchObject([
      one,
      { lastAt: at(26), knownUntil: at(26) },
      ...more,
    ])
  })

  test('a clock that was ahead for long is known at once by the clock of who reads', () => {
    const { segments } = stretch('s', 4)
    const seen = [6, 900, 910, 36].map(at)
    const made = segments.map((one, index) => ({ ...one, knownUntil: seen[index] ?? null }))
    const untils = honestTimes(made, new Date(at(40))).segments.map(one => one.knownUntil)
    expect(untils).toEqual([6, 36, 36, 36].map(at))
    // Where his own is behind nothing is bounded.
    expect(honestTimes(made, new Date(at(-9))).segments).toEqual(made)
  })

  test('a clock that was ahead of the archiver for most of the run is known also when that time has come', () => {
    const { segments } = stretch('s', 4)
    const seen = [6, 76, 86, 36].map(at)
    const made = segments.map((one, index) => ({ ...one, knownUntil: seen[index] ?? null }))
    const untils = honestTimes(made, NOW).segments.map(one => one.knownUntil)
    expect(untils).toEqual([6, 36, 36, 36].map(at))
  })

  test('an archiver knows better at once', () => {
    const span = (times: number[], server: number, before: number | null) => {
      const [us, at] = [times.map(one => one * 1e6), server * 1e6]
      const { firstUs, lastUs } = spanOf(us, at, before === null ? null : before * 1e6)
      return [firstUs, lastUs].map(one => one && one / 1e6)
    }
    expect(span([5, 3], 1, null)).toEqual([3, 5])
    expect(span([5, 90, 6], 20, 2)).toEqual([5, 6])
    expect(span([90], 20, 2)).toEqual([2, 2])
    expect(span([90], 20, 40)).toEqual([20, 20])
    expect(span([90], 20, null)).toEqual([20, 20])
    expect(span([], 20, 2)).toEqual([null, null])
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
    // Later than all of them.
    [[1, 99], 10, 2],
    // Begun early, and committed late.
    [[1, 4, 2], 3, 1],
  ])('%j: before %i are %i', (times, us, count) => {
    expect(countBefore(times, us, 9)).toBe(count)
  })
})
