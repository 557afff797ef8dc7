import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type AttemptState,
  acceptedSteps,
  attemptsLeft,
  CODE,
  decideAttempt,
  isFresh,
  stepAt,
  waitAfterMs,
} from '#domain/credential/totp'

const MINUTE_MS = 60_000
const NOW = new Date('2026-11-20T10:00:14Z')

test('a code is six ASCII digits and nothing else', () => {
  for (const code of ['000000', '123456']) expect(code).toMatch(CODE)
  const others = [
    '',
    '12345',
    '1234567',
    ' 123456',
    '123456 ',
    '123 456',
    '123456\n',
    '１２３４５６',
  ]
  for (const text of [...others, '+12345', '1e1000', '0x1234']) expect(text).not.toMatch(CODE)
})

test('the current and the previous step count, none twice, none that is older than one used', () => {
  const step = stepAt(NOW)
  expect(acceptedSteps(NOW)).toEqual([step - 1, step])
  const when = fc.integer({ min: 0, max: 4e9 }).map(seconds => new Date(seconds * 1000))
  fc.assert(
    fc.property(
      when,
      fc.integer({ min: -3, max: 3 }),
      fc.integer({ min: -3, max: 3 }),
      (now, used, asked) => {
        const current = stepAt(now)
        const fresh = isFresh(current + asked, current + used, now)
        expect(fresh).toBe(asked > used && (asked === 0 || asked === -1))
      },
    ),
  )
})

test('four failures cost nothing; then 1, 2, 4, 8, 16 minutes, and 30 from the tenth on', () => {
  const minutes = Array.from({ length: 12 }, (_, failures) => waitAfterMs(failures) / MINUTE_MS)
  expect(minutes).toEqual([0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 30, 30])
  expect(waitAfterMs(100_000)).toBe(30 * MINUTE_MS)
})

test('nobody can try more often than the waits let them, however fast they are', () => {
  const pauses = fc.array(fc.integer({ min: 0, max: 40 * MINUTE_MS }), { maxLength: 60 })
  fc.assert(
    fc.property(pauses, all => {
      let state: AttemptState = { failures: 0, blockedUntil: null }
      let nowMs = NOW.getTime()
      let tried = 0
      for (const pause of all) {
        nowMs += pause
        const decision = decideAttempt(state, new Date(nowMs))
        if (!decision.allowed) {
          expect(decision.retryAt.getTime()).toBeGreaterThan(nowMs)
          continue
        }
        tried += 1
        state = decision.ifRefused
        expect(state.failures).toBe(tried)
      }
      // Ten for nothing or little, and then one in half an hour.
      expect(tried).toBeLessThanOrEqual(10 + (nowMs - NOW.getTime()) / (30 * MINUTE_MS))
    }),
  )
})

test('an attempt is free again at the end of the wait, and the operator is told how many are left', () => {
  const blockedUntil = new Date(NOW.getTime() + MINUTE_MS)
  const state = { failures: 5, blockedUntil }
  expect(decideAttempt(state, NOW)).toEqual({ allowed: false, retryAt: blockedUntil })
  expect(decideAttempt(state, blockedUntil)).toMatchObject({
    allowed: true,
    ifRefused: { failures: 6, blockedUntil: new Date(blockedUntil.getTime() + 2 * MINUTE_MS) },
  })
  expect([0, 4, 5, 9].map(failures => attemptsLeft({ failures, blockedUntil: null }))).toEqual([
    ...[5, 1, 0, 0],
  ])
})
