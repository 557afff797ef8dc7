import { expect, test } from 'vitest'
import { SERVER_CHECKS, serverLine } from '#domain/status/server-checks'

const figuresOf = new Map<string, object>()

const lineOf = (key: string, document: Parameters<typeof serverLine>[1]) => {
  const check = SERVER_CHECKS.find(one => one.key === key)
  if (!check) throw new Error(key)
  const { line, figures } = serverLine(check, document)
  const { state, detail, next } = line
  figuresOf.set(key, figures)
  return [state, detail, ...next]
}

test('each check is a line; one that fails, or says nothing, is never ok', () => {
  const audited = { problems: [] }
  expect(lineOf('audit', { status: 0, result: { tables: [audited] } })).toEqual([
    'ok',
    '1 table audited',
  ])
  expect(
    lineOf('audit', { status: 3, result: { tables: [audited, { problems: ['x'] }] } }),
  ).toEqual(['finding', '1 of 2 tables not as they should be', '`ecomdb audit status`'])
  expect(lineOf('access', { status: 0, result: { steps: [] } })).toEqual([
    'ok',
    'none: as the policy says',
  ])
  expect(lineOf('access', { status: 3, result: { steps: [{}], beyond: ['x@%'] } })).toEqual([
    'finding',
    '1 difference from the policy; 1 account beyond it',
    '`ecomdb access drift`',
  ])
  expect(figuresOf.get('access')).toEqual({ accessDifferences: 1, accountsBeyond: 1 })
  const sealAge = { ageSeconds: 1200, withinSeconds: 600, late: true }
  expect(lineOf('audit', { status: 3, result: { tables: [audited], sealAge } })[1]).toBe(
    '1 table audited; sealed 20m 0s ago, promised every 10m 0s',
  )
  expect(figuresOf.get('audit')).toEqual({ sealAgeSeconds: 1200 })
  expect(lineOf('audit', { status: 3, result: { tables: [audited], missingAnchors: 1 } })).toEqual([
    ...['finding', '1 table audited; 1 anchor missing', '`ecomdb audit status`'],
  ])
  const unseen = { tables: [audited], sealed: { rightsWatched: false } }
  expect(lineOf('audit', { status: 3, result: unseen })[1]).toBe(
    '1 table audited; nobody watches the rights of accounts',
  )
  const untrusted = { tables: [audited], signersTrusted: false }
  expect(lineOf('audit', { status: 3, result: untrusted })[1]).toBe(
    '1 table audited; how far it is sealed is not known: no signer is trusted',
  )
  const harden = { score: 61, counts: { pass: 10, fail: 4 } }
  expect(lineOf('harden', { status: 3, result: harden })).toEqual([
    'finding',
    'score 61 of 100, 4 checks fail',
    '`ecomdb harden check`',
  ])
  const grants = [grantOf('dba', true), grantOf('analyst', false)]
  expect(lineOf('grants', { status: 3, result: { grants, overdue: 0, breakGlass: 1 } })).toEqual([
    'finding',
    '2 open; BREAK-GLASS: alice dba',
    '`ecomdb access grants`',
    '`ecomdb access expire` ends those that are over',
  ])
  expect(figuresOf.get('grants')).toMatchObject({ grantsOpen: 2, grantsBreakGlass: 1 })
  const error = { code: 'SERVER_UNREACHABLE', what: 'cannot reach it', hints: ['start it'] }
  expect(lineOf('harden', { status: 20, error })).toEqual([
    'finding',
    'SERVER_UNREACHABLE: cannot reach it',
    'start it',
  ])
  expect(lineOf('harden', null)).toEqual(['finding', 'no answer', '`ecomdb harden check`'])
})

function grantOf(role: string, breakGlass: boolean) {
  const plain = { grantId: 1, person: 'alice', reason: 'r', endsAt: null, overdue: false }
  return { ...plain, role, breakGlass, startsAt: '2026-11-01T00:00:00.000Z' }
}
