import { expect, test } from 'vitest'
import { partialRevokes, privilegesIn } from '#engine/shared/inspect/privileges'

test.each([
  ['GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION', ['ALL PRIVILEGES'], []],
  [
    "GRANT SELECT, SHOW VIEW ON *.* TO `b`@`%` IDENTIFIED BY PASSWORD '*1'",
    ['SELECT', 'SHOW VIEW'],
    [],
  ],
  ['GRANT SELECT ON `shop`.* TO `b`@`%`', [], ['SELECT']],
  ['GRANT SELECT ON `sh%`.* TO `b`@`%`', [], ['SELECT']],
  ['GRANT SELECT ON `sho_`.* TO `b`@`%`', [], ['SELECT']],
  ['GRANT SELECT ON `sho\\_`.* TO `b`@`%`', [], []],
  ['GRANT SELECT ON `s.op`.* TO `b`@`%`', [], []],
  ['GRANT SELECT ON `shop`.`orders` TO `b`@`%`', [], []],
  ['GRANT EXECUTE ON PROCEDURE `shop`.`p` TO `b`@`%`', [], []],
  ['GRANT `analyst`@`%` TO `b`@`%`', [], []],
])('%s', (grant, server, database) => {
  const found = privilegesIn([grant], 'shop')
  expect([[...found.server], [...found.database]]).toEqual([server, database])
})

test('a partial revoke names its schema as it is, and no pattern', () => {
  expect(
    partialRevokes([
      'GRANT SELECT ON *.* TO `b`@`%`',
      'REVOKE SELECT, SHOW VIEW ON `a_b``c`.* FROM `b`@`%`',
    ]),
  ).toEqual([{ database: 'a_b`c', privileges: new Set(['SELECT', 'SHOW VIEW']) }])
})
