import { expect, test } from 'vitest'
import { sealAge } from '#domain/audit/seal-age'

const seal = { everyMs: 5000, heartbeatMs: 300_000, withinMs: 600_000, maxEvents: 1 }
const NOW = new Date('2026-11-27T12:00:00Z')
const late = (sealedAt: string | null, heartbeatMs = seal.heartbeatMs): boolean =>
  sealAge(sealedAt, { seal: { ...seal, heartbeatMs } }, NOW).late

test('a seal is late after what the policy promises, and where there is none', () => {
  expect([late('2026-11-27T11:50:00Z'), late('2026-11-27T11:49:59Z'), late(null)]).toEqual([
    ...[false, true, true],
  ])
  expect(late('2027-11-27T12:00:00Z')).toBe(true)
  // Two heartbeats, where they are longer: a sealer that was started anew has missed one.
  expect(late('2026-11-27T11:30:00Z', 1_200_000)).toBe(false)
  expect(sealAge('2026-11-27T11:59:00Z', { seal }, NOW)).toEqual({
    ...{ ageSeconds: 60, withinSeconds: 600, late: false },
  })
})
