import { expect, test } from 'vitest'
import {
  type DefinerObject,
  definerOf,
  type HeldRight,
  likeMatches,
  mergeRights,
  rightsFor,
  withDefiner,
} from '#domain/access/definer-object'

const alice = { user: 'alice', host: '%' }
const view: DefinerObject = { kind: 'view', schema: 'shop', name: 'v', definer: alice }
const held = (
  schema: string | null,
  name: string | null,
  privilege: string,
  column: string | null = null,
): HeldRight => ({ definer: alice, schema, name, kind: name ? 'table' : 'any', column, privilege })
const named = [
  { kind: 'table' as const, schema: 'shop', name: 'orders' },
  { kind: 'table' as const, schema: 'shop', name: 'v' },
  { kind: 'table' as const, schema: 'other', name: 'orders' },
  { kind: 'function' as const, schema: 'shop', name: 'f' },
]

test('changes the definer, and nothing that only looks like one', () => {
  const create =
    'CREATE ALGORITHM=UNDEFINED DEFINER=`a``b`@`%` SQL SECURITY DEFINER VIEW `v` AS select "DEFINER=`x`@`y`"'
  expect(withDefiner(create, { user: 'd', host: 'localhost' })).toBe(
    'CREATE ALGORITHM=UNDEFINED DEFINER=`d`@`localhost` SQL SECURITY DEFINER VIEW `v` AS select "DEFINER=`x`@`y`"',
  )
  expect(withDefiner('CREATE DEFINER="a`""b"@"%" FUNCTION "f"()', { user: 'd"`', host: '%' })).toBe(
    'CREATE DEFINER="d""`"@"%" FUNCTION "f"()',
  )
  const without = 'CREATE PROCEDURE p() SELECT 1'
  expect(() => withDefiner(without, { user: 'd', host: '%' })).toThrow('no definer')
})

test.each([
  ['CREATE ALGORITHM=MERGE DEFINER=`a``b`@`%` SQL SECURITY', { user: 'a`b', host: '%' }],
  ['CREATE OR REPLACE DEFINER="a`""b"@"h" TRIGGER t', { user: 'a`"b', host: 'h' }],
  ['CREATE DEFINER=`role` PROCEDURE `p@`()', { user: 'role', host: '' }],
  ['CREATE DEFINER="role" PROCEDURE "p"()', { user: 'role', host: '' }],
  ['CREATE PROCEDURE p() SELECT "DEFINER=`x`@`y`"', null],
])('whom it runs as: %s', (create, definer) => {
  expect(definerOf(create)).toEqual(definer)
})

test('a role of MariaDB gives way to an account', () => {
  const changed = withDefiner('CREATE DEFINER="role" PROCEDURE "p"()', { user: 'd', host: '%' })
  expect(changed).toBe('CREATE DEFINER="d"@"%" PROCEDURE "p"()')
})

test('takes over what the text names, and not what the definer holds besides', () => {
  const rights = [held('shop', null, 'SELECT'), held('other', null, 'SELECT')]
  const text = 'CREATE VIEW `v` AS select `a` from `orders`'
  expect(rightsFor(view, text, rights, named)).toEqual([
    { kind: 'table', schema: 'shop', name: 'orders', privileges: ['SELECT'] },
  ])
  const both = `${text} join \`other\`.\`orders\``
  expect(rightsFor(view, both, rights, named).map(({ schema }) => schema)).toEqual([
    'shop',
    'other',
  ])
})

test('a name in double quotes, as ANSI_QUOTES has it, is a name', () => {
  const tables = [{ kind: 'table' as const, schema: 'shop', name: 'my table' }]
  const rights = [held('shop', null, 'SELECT')]
  expect(rightsFor(view, `SELECT '"', "a" FROM "My table"`, rights, tables)).toMatchObject([
    { name: 'my table' },
  ])
  const odd = [{ kind: 'table' as const, schema: 'shop', name: 'a"b' }]
  for (const text of ['SELECT 1 FROM "a""b"', `SELECT '"', 1 FROM "A""b" -- "`]) {
    expect(rightsFor(view, text, rights, odd)).toMatchObject([{ name: 'a"b' }])
  }
})

test.each([
  'SELECT "n`" FROM orders WHERE "n`" = 1',
  "SELECT '`', `a` FROM orders WHERE `b` = 1",
  '-- it`s\nSELECT 1 FROM `orders`',
  '/* it`s */ SELECT `a` FROM orders WHERE `b` = 1',
])('a backtick that begins no name hides none: %s', text => {
  const rights = [held('shop', null, 'SELECT')]
  expect(rightsFor(view, text, rights, named)).toMatchObject([{ name: 'orders' }])
})

test('columns stay columns, administration is never taken over', () => {
  const rights = [
    held('shop', 'orders', 'SELECT', 'a'),
    held('shop', 'orders', 'SELECT', 'b`c'),
    held(null, null, 'SUPER'),
    held(null, null, 'CREATE USER'),
  ]
  expect(rightsFor(view, 'select `a` from `orders`', rights, named)).toEqual([
    { kind: 'table', schema: 'shop', name: 'orders', privileges: ['SELECT (`a`, `b``c`)'] },
  ])
})

test('a routine needs EXECUTE on itself; TRUNCATE needs DROP; a trigger its table', () => {
  const all = ['SELECT', 'INSERT', 'DROP', 'TRIGGER', 'EXECUTE'].map(one => held(null, null, one))
  const procedure: DefinerObject = { ...view, kind: 'procedure', name: 'p' }
  const rights = mergeRights(rightsFor(procedure, 'truncate orders; select f()', all, named))
  expect(rights).toEqual([
    { kind: 'table', schema: 'shop', name: 'orders', privileges: ['SELECT', 'INSERT', 'DROP'] },
    { kind: 'function', schema: 'shop', name: 'f', privileges: ['EXECUTE'] },
    { kind: 'procedure', schema: 'shop', name: 'p', privileges: ['EXECUTE'] },
  ])
  const trigger: DefinerObject = { ...view, kind: 'trigger', name: 't', table: 'orders' }
  expect(rightsFor(trigger, 'CREATE TRIGGER t … ON orders', all, named)[0]?.privileges).toEqual([
    'SELECT',
    'INSERT',
    'TRIGGER',
  ])
})

test('a database in a grant is a pattern', () => {
  expect(likeMatches('shop\\_%', 'shop_a')).toBe(true)
  expect(likeMatches('shop\\_%', 'shopa')).toBe(false)
  expect(likeMatches('s_op', 'shop')).toBe(true)
  expect(likeMatches('s.op', 'shop')).toBe(false)
})
