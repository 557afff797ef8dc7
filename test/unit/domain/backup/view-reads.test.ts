import { expect, test } from 'vitest'
import { columnsOfRead, movedReads, readsOfView } from '#domain/backup/view-reads'

const reads = (create: string): string[] =>
  readsOfView(create).map(({ kind, schema, name }) => `${kind} ${schema ?? ''}.${name}`)

test.each([
  [
    'select `a`.`id` AS `id` from (`t` `a` join `crm`.`u` `b` on((`a`.`id` = `b`.`id`)))',
    ['table .t', 'table crm.u'],
  ],
  ['select `crm`.`one`() AS `n`,`two`(1) AS `m`', ['function crm.one', 'function .two']],
  ['select nextval(`crm`.`s`) AS `n`', ['table crm.s']],
  ['select `crm`.`pack`.`age`(1) AS `n`', []],
  ['CREATE DEFINER=`crm`@`crm` VIEW `v` AS select 1 from `crm`.`t`', ['table crm.t']],
  ['select 1 from (select `x`.`a` AS `a` from `x`) `d`', ['table .x']],
  // An alias, a text, a FROM that is none.
  ['select extract(year from `crm`.`day`) AS `y` from `t` `crm`', ['table .t']],
  ['select extract(year from `day`) AS `y` from `t`', ['table .t']],
  ["select 'from `crm`.`t`' AS `x` from `t`", ['table .t']],
])('%s', (create, expected) => {
  expect(reads(create)).toEqual(expected)
})

test.each([
  [
    "select `shop`.`t`.`id` AS `id`,'`shop`.`t`' AS `x`,`shop`.`f`() AS `f` from (`shop`.`t` join `crm`.`t`)",
    "select `be``side`.`t`.`id` AS `id`,'`shop`.`t`' AS `x`,`shop`.`f`() AS `f` from (`be``side`.`t` join `crm`.`t`)",
  ],
  // A table's alias, a table, a column or a column's alias that is called like the database.
  [
    'select `shop`.`id` AS `shop` from (`shop`.`o` `shop` join `crm`.`t` `c` on(`shop`.`id` = `c`.`shop`))',
    'select `shop`.`id` AS `shop` from (`be``side`.`o` `shop` join `crm`.`t` `c` on(`shop`.`id` = `c`.`shop`))',
  ],
  [
    'select `shop`.`shop`.`id` AS `id` from ((`shop`.`shop`) join `crm`.`shop`) union select 1 from `shop`.`o`',
    'select `be``side`.`shop`.`id` AS `id` from ((`be``side`.`shop`) join `crm`.`shop`) union select 1 from `be``side`.`o`',
  ],
  [
    'select `s`.`id` AS `id`,(select count(0) from `shop`.`o` `x`) AS `n` from (`crm`.`t` left join (`shop`.`o` `s` straight_join `shop`.`p`))',
    'select `s`.`id` AS `id`,(select count(0) from `be``side`.`o` `x`) AS `n` from (`crm`.`t` left join (`be``side`.`o` `s` straight_join `be``side`.`p`))',
  ],
  // A FROM that is none, around and in parentheses.
  [
    "select trim(leading concat('a','b') from `shop`.`shop`) AS `t`,extract(year from (`shop`.`day`)) AS `y` from `crm`.`o` `shop`",
    null,
  ],
  [
    'select `shop`.`pack`.`age`(1) AS `n` from `t`',
    'select `be``side`.`pack`.`age`(1) AS `n` from `t`',
  ],
  // Functions and sequences may stay in the live database.
  ['select nextval(`shop`.`s`) AS `n` from `crm`.`t`', null],
  ['select `shop`.`id` AS `id` from `t` `shop`', null],
  ['select `shop`.`f`() AS `f` from `t`', null],
])('moved: %s', (create, expected) => {
  expect(movedReads(create, 'shop', 'be`side')).toBe(expected ?? create)
})

test.each([
  ['select `crm`.`t`.`id` AS `id`,`crm`.`t`.`day` AS `x` from `crm`.`t`', ['id', 'day']],
  [
    'select `b`.`id` AS `n`,`a`.`up` AS `up` from (`t` `a` join `crm`.`t` `b` on((`b`.`day` = `a`.`day`)))',
    ['id', 'day'],
  ],
  // An alias that is also something else tells nothing.
  ['select `b`.`id` AS `b` from `crm`.`t` `b`', []],
  ['select (select `b`.`x` from `t` `b`) AS `n`,`b`.`y` AS `y` from `crm`.`t` `b`', []],
  ['select `b`.`id` AS `id`,`b`.`f`(1) AS `n` from (`crm`.`t` `b` join `b`.`t` `c`)', []],
  ['select `b`.`id` AS `id`,`b`.`f`(1) AS `n` from `crm`.`t` `b`', []],
  ["select '`crm`.`t`.`no`' AS `x`,`crm`.`f`() AS `n` from `crm`.`t`", []],
])('columns: %s', (create, expected) => {
  expect(columnsOfRead(create, 'crm', 't')).toEqual(expected)
})
