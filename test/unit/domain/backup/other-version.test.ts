import { expect, test } from 'vitest'
import type { Manifest, ProgramEntry, TableEntry } from '#domain/backup/manifest'
import {
  isOlder,
  isSameSeries,
  namedCollations,
  needsLibraries,
  otherEndOfTime,
} from '#domain/backup/other-version'

const program = (kind: ProgramEntry['kind'], name: string, create: string): ProgramEntry => ({
  ...{ kind, schema: 'shop', name, create, sqlMode: '', timeZone: '' },
  ...{ characterSetClient: 'utf8mb4', collationConnection: 'utf8mb4_uca1400_ai_ci' },
})

test('patch releases are one series', () => {
  expect(isSameSeries('8.0.46-0ubuntu0.24.04.5', '8.0.12')).toBe(true)
  expect(isSameSeries('10.11.19-MariaDB-log', '10.6.1-MariaDB')).toBe(false)
  expect(isOlder('8.4.10', '9.7.4-2')).toBe(true)
  expect(isOlder('10.11.19-MariaDB', '10.6.1-MariaDB')).toBe(false)
})

test('collations are found where definitions name them, and not in quotes', () => {
  const manifest = {
    databases: [
      { name: 'shop', create: 'CREATE DATABASE `shop` /*!40100 CHARACTER SET latin1 */' },
    ],
    tables: [
      {
        ...{ schema: 'shop', name: 't' },
        create:
          "CREATE TABLE `t` (\n  `COLLATE x` char(1) COLLATE utf8mb4_0900_as_cs COMMENT 'COLLATE y'\n) CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci",
      } as TableEntry,
      { schema: 'other', name: 'o', create: 'CREATE TABLE `o` () COLLATE=o_bin' } as TableEntry,
    ],
    programs: [program('view', 'v', 'CREATE VIEW `v` AS select 1')],
  } as unknown as Manifest
  expect([...namedCollations(manifest, schema => schema === 'shop')]).toEqual([
    ['latin1', 'database shop'],
    ['utf8mb4_0900_as_cs', 'shop.t'],
    ['utf8mb4', 'shop.t'],
    ['utf8mb4_0900_ai_ci', 'shop.t'],
    ['utf8mb4_uca1400_ai_ci', 'view shop.v'],
  ])
})

test('routines in another language than SQL want a server that has them', () => {
  const programs = [
    program('library', 'l', "CREATE LIBRARY `l` LANGUAGE JAVASCRIPT AS 'x'"),
    program(
      ...(['function', 'js'] as const),
      'CREATE DEFINER=`root`@`localhost` FUNCTION `js`() RETURNS int\n    DETERMINISTIC\n    LANGUAGE JAVASCRIPT\n    USING (`shop`.`l` AS `s`)\nAS $$ return 1 $$',
    ),
    program('function', 'sql', "CREATE FUNCTION `LANGUAGE JS`() RETURNS int RETURN 'LANGUAGE JS'"),
    // Under NO_BACKSLASH_ESCAPES and ANSI_QUOTES its quotes are others.
    program('procedure', 'own', `CREATE PROCEDURE "own"() SELECT '\\' AS "a""b", "n\`"`),
  ]
  expect(needsLibraries({ programs }, () => true)).toEqual(['library shop.l', 'function shop.js'])
  expect(needsLibraries({ programs }, () => false)).toEqual([])
})

test('rows of system-versioned tables are for servers that end time alike', () => {
  const create = 'CREATE TABLE `t` (\n  `id` int\n) ENGINE=InnoDB WITH SYSTEM VERSIONING'
  const tables = [{ schema: 'shop', name: 't', create } as TableEntry]
  const of = (serverVersion: string, target: string) =>
    otherEndOfTime({ engine: 'mariadb', serverVersion, tables }, target, () => true)
  expect(of('10.11.19-MariaDB', '11.8.9-MariaDB')).toEqual(['shop.t'])
  expect(of('11.8.9-MariaDB', '10.11.19-MariaDB')).toEqual(['shop.t'])
  expect(of('10.11.19-MariaDB', '10.6.1-MariaDB')).toEqual([])
  expect(of('11.8.9-MariaDB', '12.0.2-MariaDB')).toEqual([])
})
