import { expect, test } from 'vitest'
import { compareCatalog, type FoundCatalog } from '#domain/backup/compare-catalog'
import type { TableEntry } from '#domain/backup/manifest'

const catalog = (
  create: string,
): FoundCatalog & { tables: TableEntry[]; settings: Record<string, string> } => ({
  settings: {},
  databases: [{ name: 'shop', create: 'CREATE DATABASE `shop`' }],
  tables: [{ schema: 'shop', name: 't', storageEngine: 'InnoDB', create } as TableEntry],
  ...{ programs: [], accounts: [], spatialReferences: [], serverObjects: [] },
})

const differences = (was: string, is: string): string[] =>
  compareCatalog(catalog(was), catalog(is), CHANGES)
    .filter(({ outcome }) => outcome === 'failed')
    .map(({ name }) => name)

const CHANGES = {
  ...{ databases: null, eventsDisabled: false, accounts: false, locked: [], kept: [] },
  unknownPrivileges: [],
  refusedGrants: [],
}

const table = (comment: string, name: string): string =>
  `CREATE TABLE \`t\` (\n  \`id\` int COMMENT '${comment}'\n) ENGINE=InnoDB\n/*!50100 PARTITION BY RANGE (\`id\`)\nSUBPARTITION BY HASH (\`id\`)\n(PARTITION p0 VALUES LESS THAN MAXVALUE\n (SUBPARTITION ${name} ENGINE = InnoDB)) */`

test('names of subpartitions are the same with quotes and without, and nothing in quotes is', () => {
  expect(differences(table('', 's3'), table('', '`s3`'))).toEqual([])
  expect(differences(table('', 's3'), table('', '`s4`'))).toEqual(['definitions'])
  const [plain, quoted] = ['SUBPARTITION s3', 'SUBPARTITION `s3`']
  expect(differences(table(plain, 's3'), table(quoted, 's3'))).toEqual(['definitions'])
})

test('a column is INVISIBLE before its DEFAULT and behind it', () => {
  const column = (text: string): string => `CREATE TABLE \`t\` (\n  \`id\` ${text}\n)`
  const after = column("int DEFAULT NULL INVISIBLE COMMENT ' INVISIBLE'")
  expect(differences(column("int INVISIBLE DEFAULT NULL COMMENT ' INVISIBLE'"), after)).toEqual([])
  expect(differences(column("int DEFAULT NULL COMMENT ' INVISIBLE'"), after)).toEqual([
    'definitions',
  ])
})

test('keys in another order are told, and nothing of them may differ', () => {
  const keys = (...lines: string[]): string =>
    `CREATE TABLE \`t\` (\n  \`a\` int NOT NULL,\n  \`b\` int COMMENT 'UNIQUE KEY, x',\n  ${lines.join(',\n  ')}\n)`
  const was = keys('UNIQUE KEY `i` (`b`)', 'UNIQUE KEY `j` (`a`)', 'CONSTRAINT `c` CHECK (`a` > 0)')
  const is = keys('UNIQUE KEY `j` (`a`)', 'UNIQUE KEY `i` (`b`)', 'CONSTRAINT `c` CHECK (`a` > 0)')
  expect(differences(was, is)).toEqual([])
  const told = compareCatalog(catalog(was), catalog(is), CHANGES)
  expect(told).toContainEqual(expect.objectContaining({ name: 'keys', outcome: 'unchecked' }))
  expect(differences(was, is.replace('`j` (`a`)', '`j` (`a` DESC)'))).toEqual(['definitions'])
  expect(differences(was, is.replace('UNIQUE KEY `j`', 'KEY `j`'))).toEqual(['definitions'])
})

test('a column WITHOUT SYSTEM VERSIONING is any other where its table has none', () => {
  const table = (mark: string, tail: string): string =>
    `CREATE TABLE \`t\` (\n  \`id\` int DEFAULT NULL${mark},\n  \`b\` int\n) ENGINE=InnoDB${tail}`
  const mark = ' WITHOUT SYSTEM VERSIONING'
  const versioned = ' WITH SYSTEM VERSIONING'
  const told = compareCatalog(catalog(table(mark, '')), catalog(table('', '')), CHANGES)
  expect(told.find(({ name }) => name === 'definitions')?.outcome).toBe('passed')
  expect(told.map(({ name }) => name)).not.toContain('keys')
  expect(differences(table(mark, versioned), table('', versioned))).toEqual(['definitions'])
})

test('a default of NULL in place of none is told, and no other', () => {
  const table = (text: string): string =>
    `CREATE TABLE \`t\` (\n  \`id\` int${text} COMMENT ' DEFAULT NULL',\n  KEY \`id\` (\`id\`)\n)`
  expect(differences(table(''), table(' DEFAULT NULL'))).toEqual([])
  const told = compareCatalog(catalog(table('')), catalog(table(' DEFAULT NULL')), CHANGES)
  expect(told).toContainEqual(expect.objectContaining({ name: 'defaults', outcome: 'unchecked' }))
  expect(differences(table(''), table(" DEFAULT '1'"))).toEqual(['definitions'])
  expect(differences(table(' DEFAULT NULL'), table(''))).toEqual(['definitions'])
  expect(told.map(({ name }) => name)).not.toContain('keys')
  const files = { ...CHANGES, dataFiles: true }
  const ofFiles = compareCatalog(catalog(table('')), catalog(table(' DEFAULT NULL')), files)
  expect(ofFiles[0]).toMatchObject({ name: 'definitions', outcome: 'failed' })
})
