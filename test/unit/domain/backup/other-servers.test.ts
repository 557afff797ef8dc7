import { expect, test } from 'vitest'
import { viewsOn } from '#domain/backup/other-servers'

const view = (name: string, reads: string) => ({
  schema: 'shop',
  name,
  create: `CREATE VIEW \`${name}\` AS select ${reads}`,
})
const views = [
  view('first', '1 from `far`'),
  view('second', '1 from `shop`.`first`'),
  view('called', '`shop`.`outer`() AS `n`'),
  view('own', '`shop`.`other`() AS `n`'),
]
const routine = (name: string, body: string) => ({
  schema: 'shop',
  name,
  create: `CREATE FUNCTION \`${name}\`() RETURNS int RETURN ${body}`,
})
const routines = [
  routine('outer', '1 + Inner_()'),
  routine('inner_', '(select count(*) from FAR)'),
  routine('other', '(select count(*) from farther)'),
]
const named = (found: readonly { name: string }[]): string[] => found.map(({ name }) => name)

test('views that read a table, and those whose functions name it', () => {
  const tables = [{ schema: 'shop', name: 'far' }]
  expect(named(viewsOn(views, tables))).toEqual(['first', 'second'])
  expect(named(viewsOn(views, tables, routines))).toEqual(['first', 'second', 'called'])
  expect(viewsOn(views, [], routines)).toEqual([])
})
