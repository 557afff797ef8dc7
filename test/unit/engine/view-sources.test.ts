import { expect, test } from 'vitest'
import { sourcesOf } from '#engine/shared/schema/view-sources'

test('tables are told from columns, aliases and literals in a canonical view text', () => {
  const definition =
    "select `o`.`id` AS `id`,concat(' from `s`.`no` \\'',`s`.`b`.`x`) AS `c`," +
    '(select max(`shop`.`prices`.`usd`) from `shop`.`prices` where `shop`.`prices`.`id` = `o`.`id`) AS `p` ' +
    'from ((`shop`.`orders` `o` join `shop`.`odd ``name``` `b` on(`b`.`id` = `o`.`id`)) ' +
    'left join (select `x`.`y` AS `y` from `other`.`x` where `shop`.`a` = 1) `d` on(`o`.`id` = `d`.`y`)) ' +
    'group by `o`.`id`'
  expect(sourcesOf(definition)).toEqual([
    { schema: 'other', name: 'x' },
    { schema: 'shop', name: 'odd `name`' },
    { schema: 'shop', name: 'orders' },
    { schema: 'shop', name: 'prices' },
  ])
})

test('a view without a table reads none', () => {
  expect(sourcesOf('select 1 AS `one`')).toEqual([])
})
