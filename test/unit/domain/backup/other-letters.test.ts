import { expect, test } from 'vitest'
import type { Manifest } from '#domain/backup/manifest'
import { programsInOtherLetters } from '#domain/backup/other-letters'
import { letterFindings } from '#workflow/restore/letter-findings'

const program = (create: string, kind: 'procedure' | 'trigger' | 'view' = 'procedure') => ({
  ...{ kind, schema: 'shop', name: 'p', create, sqlMode: '' },
  ...{ characterSetClient: '', collationConnection: '', timeZone: '' },
})

const named = (create: string, kind?: 'trigger' | 'view'): string[] =>
  programsInOtherLetters(
    {
      databases: [{ name: 'shop', create: '' }],
      tables: ['orders', 'date', 'new'].map(name => ({
        schema: 'shop',
        name,
      })) as unknown as Manifest['tables'],
      programs: [program(create, kind)],
    },
    () => true,
  )

test.each([
  ['SELECT COUNT(*) FROM Orders', 'Orders'],
  ['INSERT INTO `Orders` (id) VALUES (1)', 'Orders'],
  ['UPDATE Orders SET id = 2', 'Orders'],
  ['DELETE FROM Shop.orders', 'Shop'],
  ['DELETE FROM shop.Orders', 'Orders'],
  ['SELECT ORDERS.id FROM customers, ORDERS', 'ORDERS'],
  ["PREPARE s FROM 'SELECT * FROM Orders'", 'Orders'],
])('%s names %s', (body, name) => {
  expect(named(`CREATE PROCEDURE \`p\`() ${body}`)).toEqual([`procedure shop.p (${name})`])
})

test.each([
  'SELECT id FROM orders',
  'SELECT shop.orders.id FROM shop.orders',
  'SELECT DATE(id) FROM orders -- FROM Orders',
  "SELECT 'FROM Orders' FROM orders",
  'SELECT Orders FROM orders',
  'SET @Orders = 1',
])('%s names none in other letters', body => {
  expect(named(`CREATE PROCEDURE \`p\`() ${body}`)).toEqual([])
})

test('it is a finding where names mattered not on the source, and matter here', () => {
  const source = (was: string) => ({
    ...{ settings: { lower_case_table_names: was }, databases: [] },
    tables: [{ schema: 'shop', name: 'orders' }] as unknown as Manifest['tables'],
    programs: [program('CREATE PROCEDURE `p`() DELETE FROM Orders')],
  })
  const into = (is: string) => ({ settings: { lower_case_table_names: is } })
  expect(letterFindings(into('0'), source('1'), () => true)).toEqual([
    expect.stringContaining('procedure shop.p (Orders)'),
  ])
  expect(letterFindings(into('0'), source('1'), () => false)).toEqual([])
  expect(letterFindings(into('0'), source('0'), () => true)).toEqual([])
  expect(letterFindings(into('1'), source('1'), () => true)).toEqual([])
})

test('a row of a trigger is no table; a view is told by the server', () => {
  expect(
    named('CREATE TRIGGER `p` AFTER INSERT ON `orders` FOR EACH ROW SET @a = NEW.id', 'trigger'),
  ).toEqual([])
  expect(named('CREATE VIEW `p` AS SELECT 1 FROM `Orders`', 'view')).toEqual([])
})
