import { expect, test } from 'vitest'
import type { Manifest } from '#domain/backup/manifest'
import { manifestBeside } from '#domain/backup/manifest-beside'
import {
  moveQualified,
  names,
  unqualifiedTrigger,
  withoutForeignKeys,
} from '#domain/schema/rename-schema'

const MOVE = { from: 'shop', to: 'be`side', moved: new Set(['twice', 'numbers']) }

test.each([
  ['select `shop`.`twice`(`a`.`n`) AS `x`', 'select `be``side`.`twice`(`a`.`n`) AS `x`'],
  // An alias that is called like the database, and a column like the function.
  ['select `shop`.`twice` AS `x` from `orders` `shop`', null],
  ["select '`shop`.`twice`(1)' AS `x`", null],
  ['select `shop`.`other`(1)', null],
  ['DEFAULT nextval(`shop`.`numbers`)', 'DEFAULT nextval(`be``side`.`numbers`)'],
])('%s', (text, moved) => {
  expect(moveQualified(text, MOVE)).toBe(moved ?? text)
})

test.each([
  [
    'CREATE DEFINER=`a`@`%` TRIGGER shop.t BEFORE INSERT ON shop . `o` FOR EACH ROW SET @a = 1',
    'CREATE DEFINER=`a`@`%` TRIGGER t BEFORE INSERT ON `o` FOR EACH ROW SET @a = 1',
  ],
  [
    'create trigger `t``s`\nafter update on "o" for each row begin end',
    'create trigger `t``s`\nafter update on "o" for each row begin end',
  ],
  ['CREATE TRIGGER /* shop. */ t BEFORE INSERT ON o FOR EACH ROW SET @a = 1', null],
])('the head of a trigger: %s', (create, expected) => {
  expect(unqualifiedTrigger(create)).toBe(expected)
})

test('foreign keys to what is not there are left out, and others stay', () => {
  const create =
    'CREATE TABLE `t` (\n  `a` int,\n  CONSTRAINT `x` FOREIGN KEY (`a`) REFERENCES `parents` (`id`),\n' +
    '  CONSTRAINT `y` FOREIGN KEY (`a`) REFERENCES `other`.`parents` (`id`),\n' +
    '  CONSTRAINT `z` FOREIGN KEY (`a`) REFERENCES `t` (`a`)\n) ENGINE=InnoDB'
  expect(withoutForeignKeys(create, name => name === 't')).toEqual({
    create:
      'CREATE TABLE `t` (\n  `a` int,\n  CONSTRAINT `z` FOREIGN KEY (`a`) REFERENCES `t` (`a`)\n) ENGINE=InnoDB',
    left: ['parents', 'other.parents'],
  })
})

test('a text that names the database', () => {
  expect(names('SELECT * FROM shop.orders', 'shop')).toBe(true)
  expect(names('SELECT * FROM `shop` . orders', 'shop')).toBe(true)
  expect(names('SELECT * FROM workshop.orders', 'shop')).toBe(false)
  expect(names('SELECT shop FROM orders', 'shop')).toBe(false)
  expect(names('SELECT * FROM "s""hop".orders', 's"hop')).toBe(true)
})

test.each([
  ['CREATE DEFINER=`a`@`%` PROCEDURE `p`()', 'CREATE DEFINER=`me`@`localhost` PROCEDURE `p`()'],
  ['CREATE DEFINER="a"@"%" PROCEDURE "p"()', 'CREATE DEFINER="me"@"localhost" PROCEDURE "p"()'],
  ['CREATE DEFINER=`role` PROCEDURE `p`()', 'CREATE DEFINER=`me`@`localhost` PROCEDURE `p`()'],
  ['CREATE SEQUENCE `s`', null],
])('beside, it runs as who restores: %s', (create, expected) => {
  const programs = [{ kind: 'procedure', schema: 'shop', name: 'p', create, sqlMode: '' }]
  const manifest = { databases: [], tables: [], programs, probes: [] } as unknown as Manifest
  const owner = { user: 'me', host: 'localhost' }
  const beside = manifestBeside(manifest, {
    schema: 'shop',
    tables: null,
    into: 'b',
    owner,
    there: [],
  })
  expect(beside.manifest.programs[0]?.create).toBe(expected ?? create)
})
