import { expect, test } from 'vitest'
import { compareCatalog, type FoundCatalog } from '#domain/backup/compare-catalog'
import type { TableEntry } from '#domain/backup/manifest'

const catalog = (create: string): FoundCatalog & { tables: TableEntry[] } => ({
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
