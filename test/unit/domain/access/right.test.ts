import { expect, test } from 'vitest'
import {
  matchesPattern,
  nameOnServer,
  parseRights,
  patternOf,
  rightKey,
  rightText,
  withoutAll,
} from '#domain/access/right'

test.each([
  'SELECT ON *.*',
  'SELECT ON shop.*',
  'SELECT ON `sh%`.*',
  'LOCK TABLES ON `a\\_b`.*',
  'GRANT OPTION ON shop.orders',
  'SELECT (order_id) ON shop.orders',
  'SELECT (`a ``b`) ON `odd.name`.`ON x`',
  'EXECUTE ON PROCEDURE shop.order_performance',
  'EXECUTE ON PACKAGE BODY shop.p',
  'BACKUP_ADMIN ON *.*',
  'PROXY ON root@localhost',
  'PROXY ON ``@``',
])('%s is read as it is written', text => {
  expect(parseRights(text)?.map(rightText)).toEqual([text])
})

test('several privileges of one place are several rights', () => {
  expect(parseRights('select, Insert (a, b) ON shop.t')?.map(rightText)).toEqual([
    'SELECT ON shop.t',
    'INSERT (a) ON shop.t',
    'INSERT (b) ON shop.t',
  ])
})

test.each(['', 'SELECT', 'SELECT ON shop', 'ON shop.t', 'SELECT (a) ON *.*', 'SELECT ON a.b.c'])(
  '%j is no right',
  text => expect(parseRights(text)).toBeNull(),
)

test('names are compared as the server does', () => {
  const key = (text: string, fold = false): string[] =>
    (parseRights(text) ?? []).map(right => rightKey(right, fold))
  expect(key('EXECUTE ON PROCEDURE shop.P')).toEqual(key('EXECUTE ON PROCEDURE shop.p'))
  expect(key('SELECT ON shop.T')).not.toEqual(key('SELECT ON shop.t'))
  expect(key('SELECT ON shop.T', true)).toEqual(key('SELECT ON shop.t', true))
  expect(key('SELECT (A) ON shop.t')).toEqual(key('SELECT (a) ON shop.t'))
})

test('a privilege is found by any of its names', () => {
  const mariadb = new Set(['BINLOG MONITOR', 'CONNECTION ADMIN', 'READ_ONLY ADMIN'])
  expect(nameOnServer('replication client', 'mariadb', mariadb)).toBe('BINLOG MONITOR')
  expect(nameOnServer('CONNECTION_ADMIN', 'mariadb', mariadb)).toBe('CONNECTION ADMIN')
  expect(nameOnServer('READ ONLY ADMIN', 'mariadb', mariadb)).toBe('READ_ONLY ADMIN')
  expect(nameOnServer('BACKUP_ADMIN', 'mariadb', mariadb)).toBeNull()
})

test('ALL stands for what there is at its place', () => {
  const all = (text: string): number =>
    (parseRights(text) ?? []).flatMap(right =>
      withoutAll(right, 'mysql', new Set(['FILE', 'PROXY'])),
    ).length
  expect([all('ALL ON *.*'), all('ALL ON a.*'), all('ALL ON a.b'), all('SELECT ON a.b')]).toEqual([
    1, 18, 12, 1,
  ])
})

test.each([
  ['shop', 'shop', true],
  ['sh%', 'shop', true],
  ['sh_p', 'shop', true],
  ['sh\\_p', 'shop', false],
  ['sh\\_p', 'sh_p', true],
  ['%', 'anything', true],
  ['a.b', 'axb', false],
])('the pattern %s and the name %s', (pattern, name, matches) => {
  expect(matchesPattern(pattern, name)).toBe(matches)
  expect(matchesPattern(patternOf(pattern), pattern)).toBe(true)
})
