import { expect, test } from 'vitest'
import type { ObservedCatalog } from '#engine/shared/logical/read-catalog'
import { definition, differences } from '#engine/shared/logical/same-catalog'

const table = {
  schema: 's',
  name: 't',
  create:
    'CREATE TABLE `t` (\n  `id` int AUTO_INCREMENT PRIMARY KEY\n) ENGINE=InnoDB AUTO_INCREMENT=5',
  storageEngine: 'InnoDB',
  createdAt: '2026-11-20 10:00:00',
  key: null,
  columns: [],
  estimate: { rows: 1, bytes: 1 },
}
const program = {
  kind: 'sequence' as const,
  schema: 's',
  name: 'q',
  create: 'CREATE SEQUENCE `q`',
  after: 'DO SETVAL(`q`, 1, 0, 0)',
  sqlMode: '',
  characterSetClient: '',
  collationConnection: '',
  timeZone: '',
}
const catalog: ObservedCatalog = {
  serverVersion: '1',
  sourceId: 'x',
  settings: {},
  databases: [{ name: 's', create: 'CREATE DATABASE `s`' }],
  tables: [table],
  tableIds: new Map([['s/t#P#p0', '20:7']]),
  programs: [program],
  accounts: [{ user: 'u', host: '%', kind: 'account', create: ['CREATE USER'], grants: [] }],
  spatialReferences: [],
  timeZones: [],
  serverObjects: [],
  plugins: [],
}

test('counters and guesses move without a change of definition', () => {
  const later = {
    ...catalog,
    tables: [
      { ...table, create: table.create.replace('=5', '=99'), estimate: { rows: 7, bytes: 7 } },
    ],
    programs: [{ ...program, after: 'DO SETVAL(`q`, 2001, 0, 0)' }],
  }
  expect(differences(catalog, later)).toEqual([])
})

test.each<[Partial<ObservedCatalog>, string[]]>([
  [{ tables: [] }, ['table s.t is gone']],
  [{ tables: [table, { ...table, name: 'u' }] }, ['table s.u is new']],
  [{ tables: [{ ...table, create: 'CREATE TABLE `t` (`a` int)' }] }, ['table s.t has changed']],
  [{ tables: [{ ...table, createdAt: '2026-11-20 10:00:01' }] }, ['table s.t has changed']],
  [
    { tableIds: new Map([['s/t#P#p0', '21:7']]) },
    ["table s.t is another one, or has another one's rows"],
  ],
  [{ tableIds: null }, []],
  [{ programs: [{ ...program, create: 'x' }] }, ['sequence s.q has changed']],
  [{ databases: [] }, ['database s is gone']],
  [{ accounts: [] }, ["account 'u'@'%' is gone"]],
])('%j', (change, expected) => {
  expect(differences(catalog, { ...catalog, ...change })).toEqual(expected)
})

test('two tables that have one name in words are compared each with itself', () => {
  const [one, other] = [
    { ...table, schema: 'a', name: 'b.c' },
    { ...table, schema: 'a.b', name: 'c', create: 'CREATE TABLE `c` (`b` int)' },
  ]
  const both = { ...catalog, tables: [one, other] }
  expect(differences(both, both)).toEqual([])
  const changed = { ...both, tables: [one, { ...other, create: 'CREATE TABLE `c` (`a` int)' }] }
  expect(differences(both, changed)).toEqual(['table a.b.c has changed'])
  expect(differences(both, { ...both, tables: [one] })).toEqual(['table a.b.c has changed'])
})

test('only the next value is left out of a definition, once', () => {
  expect(definition("…\n) ENGINE=InnoDB AUTO_INCREMENT=12 COMMENT='AUTO_INCREMENT=3'")).toBe(
    "…\n) ENGINE=InnoDB COMMENT='AUTO_INCREMENT=3'",
  )
})
