import { expect, test } from 'vitest'
import { SERVER_CHECKS, serverLine } from '#domain/status/server-checks'

const lineOf = (key: string, document: Parameters<typeof serverLine>[1]) => {
  const check = SERVER_CHECKS.find(one => one.key === key)
  if (!check) throw new Error(key)
  const { state, detail, next } = serverLine(check, document)
  return [state, detail, ...next]
}

test('each check is a line; one that fails, or says nothing, is never ok', () => {
  const audited = { problems: [] }
  expect(lineOf('audit', { status: 0, result: { tables: [audited] } })).toEqual([
    'ok',
    '1 tables audited',
  ])
  expect(
    lineOf('audit', { status: 3, result: { tables: [audited, { problems: ['x'] }] } }),
  ).toEqual(['finding', '1 of 2 tables not as they should be', '`ecomdb audit status`'])
  expect(lineOf('access', { status: 0, result: { steps: [] } })).toEqual([
    'ok',
    'as the policy says',
  ])
  const harden = { score: 61, counts: { pass: 10, fail: 4 } }
  expect(lineOf('harden', { status: 3, result: harden })).toEqual([
    'finding',
    'score 61 of 100, 4 checks fail',
    '`ecomdb harden check`',
  ])
  const error = { code: 'SERVER_UNREACHABLE', what: 'cannot reach it', hints: ['start it'] }
  expect(lineOf('harden', { status: 20, error })).toEqual([
    'finding',
    'SERVER_UNREACHABLE: cannot reach it',
    'start it',
  ])
  expect(lineOf('harden', null)).toEqual(['finding', 'no answer', '`ecomdb harden check`'])
})
