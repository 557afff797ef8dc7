import type { ColumnKind, ColumnShape, ReferenceShape, TableShape } from '#domain/load/table-shape'
import type { Session } from '../../session.ts'

/** ecomdb's own tables: journals, and what migrations set aside. */
const OWN_TABLES = /^ecomdb_/

/** The tables of the session's schema, as information_schema describes them. */
export async function readTableShapes(session: Session): Promise<TableShape[]> {
  const columns = await readColumns(session)
  const keys = await readPrimaryKeys(session)
  const references = await readReferences(session)
  return [...columns]
    .filter(([name]) => !OWN_TABLES.test(name))
    .map(([name, shapes]) => ({
      name,
      columns: shapes,
      primaryKey: keys.get(name) ?? [],
      references: references.get(name) ?? [],
    }))
}

async function readColumns(session: Session): Promise<Map<string, ColumnShape[]>> {
  const rows = await session.rows<Record<string, string | number | null>>(`
    SELECT t.TABLE_NAME AS tableName, c.COLUMN_NAME AS name, c.DATA_TYPE AS dataType,
      c.COLUMN_TYPE AS columnType, c.IS_NULLABLE AS nullable, c.COLUMN_DEFAULT IS NOT NULL AS hasDefault,
      c.EXTRA AS extra, c.GENERATION_EXPRESSION AS generation,
      c.CHARACTER_MAXIMUM_LENGTH AS characters, c.CHARACTER_OCTET_LENGTH AS bytes,
      c.NUMERIC_PRECISION AS digits, c.NUMERIC_SCALE AS scale, c.DATETIME_PRECISION AS fraction
    FROM information_schema.TABLES t
    JOIN information_schema.COLUMNS c ON c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME
    WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE = 'BASE TABLE'
    ORDER BY t.TABLE_NAME, c.ORDINAL_POSITION`)
  return grouped(rows, row => {
    const extra = String(row['extra'] ?? '')
    const generated = !!row['generation'] && !extra.includes('DEFAULT_GENERATED')
    const nullable = row['nullable'] === 'YES'
    return {
      name: String(row['name']),
      kind: kindOf(row),
      nullable,
      optional:
        generated ||
        nullable ||
        Number(row['hasDefault']) === 1 ||
        /auto_increment|DEFAULT_GENERATED/i.test(extra),
      generated,
    }
  })
}

async function readPrimaryKeys(session: Session): Promise<Map<string, string[]>> {
  const rows = await session.rows<Record<string, string>>(`
    SELECT TABLE_NAME AS tableName, COLUMN_NAME AS name FROM information_schema.STATISTICS
    WHERE TABLE_SCHEMA = DATABASE() AND INDEX_NAME = 'PRIMARY'
    ORDER BY TABLE_NAME, SEQ_IN_INDEX`)
  return grouped(rows, row => String(row['name']))
}

/** Foreign keys of one column to another table of the same schema. */
async function readReferences(session: Session): Promise<Map<string, ReferenceShape[]>> {
  const rows = await session.rows<Record<string, string>>(`
    SELECT TABLE_NAME AS tableName, MIN(COLUMN_NAME) AS name,
      MIN(REFERENCED_TABLE_NAME) AS referencedTable, MIN(REFERENCED_COLUMN_NAME) AS referencedColumn
    FROM information_schema.KEY_COLUMN_USAGE
    WHERE TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_SCHEMA = DATABASE()
      AND REFERENCED_TABLE_NAME <> TABLE_NAME
    GROUP BY TABLE_NAME, CONSTRAINT_NAME HAVING COUNT(*) = 1`)
  return grouped(rows, row => ({
    column: String(row['name']),
    table: String(row['referencedTable']),
    referencedColumn: String(row['referencedColumn']),
  }))
}

function grouped<Row extends { tableName?: string | number | null }, Item>(
  rows: readonly Row[],
  make: (row: Row) => Item,
): Map<string, Item[]> {
  const groups = new Map<string, Item[]>()
  for (const row of rows) {
    const name = String(row.tableName)
    groups.set(name, [...(groups.get(name) ?? []), make(row)])
  }
  return groups
}

/** Bits of the integer types (reference manual, "Integer Types"). */
const INTEGER_BITS: Readonly<Record<string, bigint>> = {
  tinyint: 8n,
  smallint: 16n,
  mediumint: 24n,
  int: 32n,
  bigint: 64n,
}

function kindOf(row: Record<string, string | number | null>): ColumnKind {
  const type = String(row['dataType']).toLowerCase()
  const declared = String(row['columnType'])
  const unsigned = /unsigned/i.test(declared)
  const bits = INTEGER_BITS[type]
  if (bits !== undefined) return integerKind(bits, unsigned)
  switch (type) {
    case 'decimal':
      return { type, digits: Number(row['digits']), scale: Number(row['scale']), unsigned }
    case 'float':
    case 'double':
    case 'date':
    case 'year':
      return { type }
    case 'datetime':
    case 'timestamp':
      return { type: 'datetime', fraction: Number(row['fraction'] ?? 0) }
    case 'time':
      return { type, fraction: Number(row['fraction'] ?? 0) }
    case 'enum':
    case 'set':
      return { type, members: membersOf(declared) }
    case 'char':
    case 'varchar':
      return {
        type: 'text',
        maxCharacters: Number(row['characters']),
        maxBytes: null,
        padded: type === 'char',
      }
    case 'tinytext':
    case 'text':
    case 'mediumtext':
    case 'longtext':
      return { type: 'text', maxCharacters: null, maxBytes: Number(row['bytes']), padded: false }
    default:
      return { type: 'unsupported', name: type }
  }
}

function integerKind(bits: bigint, unsigned: boolean): ColumnKind {
  const half = 2n ** (bits - 1n)
  return unsigned
    ? { type: 'integer', min: 0n, max: 2n * half - 1n }
    : { type: 'integer', min: -half, max: half - 1n }
}

/** enum('a','it''s') -> a, it's */
function membersOf(declared: string): string[] {
  return [...declared.matchAll(/'((?:[^']|'')*)'/g)].map(match =>
    (match[1] ?? '').replaceAll("''", "'"),
  )
}
