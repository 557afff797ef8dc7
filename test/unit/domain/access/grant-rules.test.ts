import { expect, test } from 'vitest'
import { parseAccessPolicy } from '#config/access-policy-file'
import { checkBreakGlass, checkGrant } from '#domain/access/grant-rules'
import type { LeaseRequest } from '#domain/access/lease'

const POLICY = parseAccessPolicy(
  `
roles:
  chief: {}
  auditor: {max_ttl: 30d, approvers: [chief, zoe]}
  loader: {held_by: applications}
  short: {max_ttl: 1h}
people:
  carl: {roles: [chief]}
`,
  'access.yaml',
)
const NOW = new Date('2026-01-01T00:00:00Z')

function complaint(change: Partial<LeaseRequest>, held: readonly string[] = []): string | null {
  const endsAt = new Date(NOW.getTime() + 86_400_000)
  const plain = {
    person: 'alice',
    role: 'auditor',
    reason: 'r',
    ticket: null,
    approver: 'carl',
    breakGlass: false,
    endsAt,
  }
  try {
    checkGrant(POLICY, { ...plain, ...change }, NOW, held)
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

test.each<[string, Partial<LeaseRequest>, readonly string[], RegExp | null]>([
  ['who holds the role by the policy', {}, [], null],
  ['who is named', { approver: 'zoe' }, [], null],
  ['who holds the role by a lease', { approver: 'dora' }, ['chief'], null],
  ['nobody', { approver: null }, [], /needs the word of another person: chief, zoe.*nobody has/],
  ['somebody else', { approver: 'dora' }, ['auditor'], /dora is none/],
  ['themselves', { person: 'carl' }, ['chief'], /they said it themselves/],
  ['too long', { endsAt: new Date('2026-02-01T00:00:00Z') }, [], /last 30d/],
  ['without an end', { endsAt: null }, [], /last 30d/],
  ['a role of programs', { role: 'loader' }, [], /to applications, not to people/],
  ['a role of theirs by the policy', { person: 'carl', role: 'chief' }, [], /policy gives it/],
  ['a role without rules', { role: 'chief', approver: null, endsAt: null }, [], null],
  ['a role that the policy does not know', { role: 'other', approver: null }, [], null],
])('%s', (_what, change, held, expected) => {
  const got = complaint(change, held)
  if (expected === null) expect(got).toBeNull()
  else expect(got).toMatch(expected)
})

test.each<[string, Partial<LeaseRequest>, boolean, RegExp | null]>([
  ['no approver', {}, false, null],
  ['a role that the policy does not know', { role: 'other' }, false, null],
  ['too long', { endsAt: new Date('2026-01-01T04:00:01Z') }, false, /4h at most/],
  ['without an end', { endsAt: null }, false, /4h at most/],
  ['longer than max_ttl', { role: 'short' }, false, /last 1h/],
  ['held already', {}, true, /hold it by a grant already/],
  ['theirs by the policy', { person: 'carl', role: 'chief' }, false, /policy gives it/],
  ['an empty reason', { reason: ' ' }, false, /the reason is empty/],
  ['a role of programs', { role: 'loader' }, false, /to applications, not to people/],
])('break-glass: %s', (_what, change, held, expected) => {
  const plain = { person: 'alice', role: 'auditor', reason: 'r', ticket: null, approver: null }
  const endsAt = new Date('2026-01-01T04:00:00Z')
  const request = { ...plain, breakGlass: true, endsAt, ...change }
  const check = (): void => checkBreakGlass(POLICY, request, NOW, held)
  if (expected === null) expect(check).not.toThrow()
  else expect(check).toThrow(expected)
})
