import { expect, test } from 'vitest'
import { activeLeases, decideGrant, dueLeases, type Lease, rolesToTake } from '#domain/access/lease'

const now = new Date('2026-11-27T12:00:00Z')
const lease = (grantId: number, more: Partial<Lease> = {}): Lease => ({
  grantId,
  person: 'alice',
  role: 'analyst',
  reason: 'reports',
  ticket: null,
  approver: null,
  breakGlass: false,
  grantedBy: 'root',
  startsAt: '2026-11-01T00:00:00.000Z',
  endsAt: null,
  endedAt: null,
  endedBy: null,
  endReason: null,
  ...more,
})
const past = '2026-11-27T11:59:59.999Z'
const future = '2026-12-27T12:00:00.000Z'

test('a lease is due at its end, to the millisecond, and until it is ended', () => {
  const all = [
    lease(1),
    lease(2, { endsAt: past }),
    lease(3, { endsAt: now.toISOString() }),
    lease(4, { endsAt: future }),
    lease(5, { endsAt: past, endedAt: past }),
  ]
  expect(dueLeases(all, now).map(({ grantId }) => grantId)).toEqual([2, 3])
  expect(activeLeases(all, now).map(({ grantId }) => grantId)).toEqual([1, 4])
})

test('a role that another lease still gives stays', () => {
  const due = lease(1, { endsAt: past })
  const other = lease(2, { endsAt: future })
  expect(rolesToTake([due], [due, other], now)).toEqual([])
  expect(rolesToTake([due, other], [due, other], now)).toEqual([
    { person: 'alice', role: 'analyst' },
  ])
  const stranger = lease(3, { person: 'bob' })
  expect(rolesToTake([due], [due, stranger], now)).toHaveLength(1)
})

test('the same request again is the same lease; another end is a new one in its place', () => {
  const held = lease(1, { endsAt: future })
  const plain = { person: 'alice', role: 'analyst', ticket: null, approver: null }
  const request = { ...plain, breakGlass: false }
  const again = { ...request, reason: 'reports', endsAt: new Date(Date.parse(future) + 60_000) }
  expect(decideGrant(again, [held], now)).toEqual({ kind: 'held', lease: held })
  const longer = { ...again, endsAt: new Date(Date.parse(future) + 86_400_000) }
  expect(decideGrant(longer, [held], now)).toEqual({ kind: 'new', replaces: [held] })
  expect(decideGrant({ ...again, endsAt: null }, [held], now).kind).toBe('new')
  const glass = lease(2, { endsAt: future, breakGlass: true })
  const approved = { ...again, approver: 'bob' }
  expect(decideGrant(approved, [glass], now)).toEqual({ kind: 'new', replaces: [glass] })
  const more = { ...again, breakGlass: true }
  expect(decideGrant(more, [glass], now)).toEqual({ kind: 'held', lease: glass })
})
