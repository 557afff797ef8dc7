import { describe, expect, test } from 'vitest'
import type { Principal } from '#domain/access/observed'
import { type LoginCount, loginChanges, type RefusedLogins } from '#domain/audit/login-watch'
import {
  changeOfSum,
  RIGHTS_NOT_READ,
  rightsChanges,
  rightsControl,
  sumDifference,
  watchedRights,
} from '#domain/audit/rights-watch'

/** @param schemas on each of which it may read */
function account(user: string, host: string, schemas: readonly string[]): Principal {
  return {
    account: { user, host },
    ...{ kind: host === '' ? 'role' : 'account', locked: false, plugins: ['p'], tls: '' },
    maxConnections: 0,
    rights: schemas.map(schema => ({ privilege: 'SELECT', place: { on: 'schema', schema } })),
    ...{ restrictions: [], roles: [], defaultRoles: [] },
  }
}

/** What the sealer has seen after a look. */
function seenAt(principals: readonly Principal[]): ReadonlyMap<string, string> {
  const { seen } = rightsChanges(principals, new Map())
  return new Map([...seen].flatMap(([name, text]) => (text === null ? [] : [[name, text]])))
}

const sum = (principals: readonly Principal[]): bigint =>
  watchedRights([rightsControl(principals)]) ?? -1n

describe('rights', () => {
  const before = [account('ann', '%', ['shop']), account('bo', '%', []), account('c', '', ['x'])]
  const many = Array.from({ length: 3_000 }, (_, at) => `a_schema_with_a_long_name_${at}`)
  const after = [account('ann', '%', many), account('c', '', ['y']), account('dee', '%', [])]
  const { events } = rightsChanges(after, seenAt(before))
  const told = events.map(({ detail }) => JSON.stringify(detail))
  const total = (texts: readonly string[]): bigint =>
    texts.reduce((all, text) => sumDifference(0n, all + changeOfSum(text)), 0n)

  test('what events say is just what changed of the signed sum', () => {
    expect(total(told)).toBe(sumDifference(sum(before), sum(after)))
    for (const [at] of told.entries()) {
      expect(total(told.toSpliced(at, 1))).not.toBe(sumDifference(sum(before), sum(after)))
    }
  })

  test('an account with more rights than an event has room for has several', () => {
    expect(events.filter(({ subject }) => subject === 'ann@%').length).toBeGreaterThan(1)
    expect(Math.max(...told.map(text => text.length))).toBeLessThan(60_000)
  })

  test('a role does not stand for an account of its name', () => {
    const pair = [account('a', 'b', ['shop']), account('a@b', '', [])]
    expect(rightsChanges(pair, seenAt([])).seen.size).toBe(2)
    const changed = [account('a', 'b', []), account('a@b', '', [])]
    expect(rightsChanges(changed, seenAt(pair)).events).toMatchObject([
      { subject: 'a@b', detail: { lost: ['SELECT ON shop.*'] } },
    ])
  })

  test('what is no sum, or no event of the sealer, counts for nothing', () => {
    expect(watchedRights([RIGHTS_NOT_READ])).toBeNull()
    expect(watchedRights([{ name: 'rights', value: 'f'.repeat(32) }])).toBeNull()
    for (const text of [
      null,
      '',
      '7',
      'null',
      '{"gained": 1}',
      '{"account": "a", "gained": [1]}',
    ]) {
      expect(changeOfSum(text)).toBe(0n)
    }
  })
})

describe('refused logins', () => {
  const first: RefusedLogins = { source: 'errors', count: 7, startedAt: 1_000, refusals: [] }
  const seen = new Map([['logins', JSON.stringify({ ...first, last: null })]])
  const changed = (now: Partial<RefusedLogins>) => loginChanges({ ...first, ...now }, seen)

  test.each<[string, Partial<LoginCount>, object | null]>([
    ['none came', {}, null],
    ['a start is known to a second', { startedAt: 1_002 }, null],
    ['some came', { count: 9 }, { refused: 2, source: 'errors' }],
    ['a start anew', { startedAt: 2_000, count: 3 }, { refused: 3, source: 'errors' }],
    ['a start anew, and none came', { startedAt: 2_000, count: 0 }, null],
    [
      'set back',
      { count: 3 },
      {
        ...{ refused: 3, source: 'errors' },
        gap: 'errors went back from 7 to 3, and the server did not start anew',
      },
    ],
    [
      'another source',
      { source: 'aborted', count: 90 },
      {
        ...{ refused: 0, source: 'aborted' },
        gap: 'the server counted errors before, and aborted now',
      },
    ],
  ])('%s', (_what, now, detail) => {
    expect(changed(now).events).toEqual(detail ? [{ kind: 'L', subject: '', detail }] : [])
  })

  test('the count from which it goes on is always the newest', () => {
    expect(changed({ count: 3 }).seen.get('logins')).toContain('"count":3')
    expect(changed({ count: 0, startedAt: 2_000 }).seen.get('logins')).toContain('"count":0')
    expect(changed({}).seen.size).toBe(0)
  })

  test('many names of who was refused still have room in an event', () => {
    const refusals = Array.from({ length: 1_000 }, (_, at) => {
      return {
        at: `2026-11-27 10:00:00.${at}`,
        account: `${'x'.repeat(96)}${at}@${'h'.repeat(255)}`,
      }
    })
    const [event] = changed({ count: 1_007, refusals }).events
    expect(event?.detail).toMatchObject({ refused: 1_000, others: 900 })
    expect(JSON.stringify(event?.detail).length).toBeLessThan(60_000)
  })
})
