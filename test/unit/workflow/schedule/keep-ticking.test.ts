import { afterEach, expect, test, vi } from 'vitest'
import { systemClock } from '#core/clock'
import { keepTicking } from '#workflow/schedule/keep-ticking'

afterEach(() => void vi.useRealTimers())

test.each([
  ['put back by two days', -2],
  ['put ahead by two months', 60],
])('a clock that is %s holds nothing up', async (_how, days) => {
  const faked = ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] as const
  vi.useFakeTimers({ toFake: [...faked, 'performance'], now: Date.parse('2026-11-29T12:00:01Z') })
  let [ticks, beats] = [0, 0]
  const end = await keepTicking(
    systemClock,
    { at: '*/5 * * * * *', run: async () => (ticks += 1) },
    { at: '* * * * *', run: async () => (beats += 1) },
  )
  const came = async (ms: number): Promise<readonly [number, number]> => {
    const before = [ticks, beats] as const
    await vi.advanceTimersByTimeAsync(ms)
    return [ticks - before[0], beats - before[1]]
  }
  expect(await came(60_000)).toEqual([12, 1])
  vi.setSystemTime(Date.now() + days * 86_400_000)
  const since = process.cpuUsage()
  const [ticksNow, beatsNow] = await came(60_000)
  expect(ticksNow).toBeGreaterThanOrEqual(11)
  expect(ticksNow).toBeLessThanOrEqual(13)
  expect(beatsNow).toBeGreaterThanOrEqual(1)
  expect(process.cpuUsage(since).user).toBeLessThan(10_000_000)
  expect(await came(120_000)).toEqual([24, 2])
  await end()
  expect(await came(60_000)).toEqual([0, 0])
})
