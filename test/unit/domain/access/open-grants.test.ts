import { expect, test } from 'vitest'
import type { Lease } from '#domain/access/lease'
import { openGrants } from '#domain/access/open-grants'

const NOW = new Date('2026-11-27T12:00:00Z')
const lease = (
  grantId: number,
  endsAt: string | null,
  endedAt: string | null = null,
  breakGlass = false,
): Lease => ({
  ...{ grantId, person: 'alice', role: `role${grantId}`, reason: 'figures', ticket: null },
  ...{ approver: null, breakGlass, grantedBy: 'dba', startsAt: '2026-11-01T00:00:00.000Z', endsAt },
  ...{ endedAt, endedBy: null, endReason: null },
})

test('what ends first comes first; over is what nobody has ended within five minutes', () => {
  const leases = [
    lease(1, null),
    lease(2, '2026-12-20T00:00:00.000Z'),
    lease(3, '2026-11-28T00:00:00.000Z', null, true),
    lease(4, '2026-11-27T11:54:00.000Z'),
    lease(5, '2026-11-27T11:58:00.000Z'),
    lease(6, '2026-11-27T11:00:00.000Z', '2026-11-27T11:00:30.000Z', true),
  ]
  const report = openGrants(leases, { installed: true, scheduler: true }, NOW)
  expect(report.grants.map(({ grantId, overdue }) => [grantId, overdue])).toEqual([
    [4, true],
    [5, false],
    [3, false],
    [2, false],
    [1, false],
  ])
  expect(report).toMatchObject({ overdue: 1, breakGlass: 1, endingSoon: 2 })
  expect(report.nextEndAt).toBe('2026-11-28T00:00:00.000Z')
})
