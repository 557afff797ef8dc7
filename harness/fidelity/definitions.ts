import type { Session, SqlRow } from '#engine/session'

/**
 * What the server says of these databases by its own tables, but for what must differ.
 *
 * @param broken views that are left out
 */
export async function serverDefinitions(
  session: Session,
  databases: readonly string[],
  broken: readonly string[],
): Promise<Record<string, readonly string[]>> {
  const found: Record<string, readonly string[]> = {}
  const listed = await session.rows<SqlRow>(
    'SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.VIEWS',
  )
  const nameOf = (row: SqlRow): string => JSON.stringify([row['TABLE_SCHEMA'], row['TABLE_NAME']])
  const views = new Set(listed.map(nameOf))
  for (const { table, schema, without } of SOURCES) {
    const list = databases.map(() => '?').join(', ')
    const rows = await session
      .rows<SqlRow>(
        `SELECT * FROM information_schema.${table} WHERE ${schema} IN (${list})`,
        databases,
      )
      .catch((): SqlRow[] => [])
    found[table] = rows
      // A view's columns are worked out when they are asked for, from the rows there are, too;
      // SHOW CREATE VIEW is compared as well.
      .filter(row => table !== 'COLUMNS' || !views.has(nameOf(row)))
      .filter(row => !broken.includes(String(row['TABLE_NAME'])) || !views.has(nameOf(row)))
      .map(row => JSON.stringify(withoutFields(row, without)))
      .sort()
  }
  return found
}

function withoutFields(row: SqlRow, without: readonly string[]): SqlRow {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !without.includes(name)))
}

const TIMES = ['CREATED', 'LAST_ALTERED']

const SOURCES: readonly { table: string; schema: string; without: readonly string[] }[] = [
  { table: 'SCHEMATA', schema: 'SCHEMA_NAME', without: [] },
  {
    table: 'TABLES',
    schema: 'TABLE_SCHEMA',
    without: [
      ...[
        'CREATE_TIME',
        'UPDATE_TIME',
        'CHECK_TIME',
        'TABLE_ROWS',
        'AVG_ROW_LENGTH',
        'DATA_LENGTH',
      ],
      ...[
        'INDEX_LENGTH',
        'DATA_FREE',
        'MAX_DATA_LENGTH',
        'MAX_INDEX_LENGTH',
        'CHECKSUM',
        'VERSION',
      ],
      // MariaDB lists what it had by default once it was written; SHOW CREATE TABLE does not differ.
      'CREATE_OPTIONS',
      // What a rolled back or refused row used up is no part of the content; see counters().
      'AUTO_INCREMENT',
    ],
  },
  {
    table: 'COLUMNS',
    schema: 'TABLE_SCHEMA',
    without: [
      ...['COLUMN_KEY', 'PRIVILEGES'],
      // MySQL keeps the text as it was written; SHOW CREATE TABLE, which is compared too, is the same.
      'GENERATION_EXPRESSION',
    ],
  },
  { table: 'COLUMN_STATISTICS', schema: 'SCHEMA_NAME', without: ['HISTOGRAM'] },
  { table: 'STATISTICS', schema: 'TABLE_SCHEMA', without: ['CARDINALITY'] },
  { table: 'TABLE_CONSTRAINTS', schema: 'TABLE_SCHEMA', without: [] },
  { table: 'KEY_COLUMN_USAGE', schema: 'TABLE_SCHEMA', without: [] },
  { table: 'REFERENTIAL_CONSTRAINTS', schema: 'CONSTRAINT_SCHEMA', without: [] },
  { table: 'CHECK_CONSTRAINTS', schema: 'CONSTRAINT_SCHEMA', without: [] },
  {
    table: 'PARTITIONS',
    schema: 'TABLE_SCHEMA',
    without: [
      ...[
        'TABLE_ROWS',
        'AVG_ROW_LENGTH',
        'DATA_LENGTH',
        'MAX_DATA_LENGTH',
        'INDEX_LENGTH',
        'DATA_FREE',
      ],
      ...['CREATE_TIME', 'UPDATE_TIME', 'CHECK_TIME', 'CHECKSUM'],
    ],
  },
  { table: 'VIEWS', schema: 'TABLE_SCHEMA', without: [] },
  { table: 'ROUTINES', schema: 'ROUTINE_SCHEMA', without: TIMES },
  { table: 'LIBRARIES', schema: 'LIBRARY_SCHEMA', without: TIMES },
  { table: 'PARAMETERS', schema: 'SPECIFIC_SCHEMA', without: [] },
  { table: 'TRIGGERS', schema: 'TRIGGER_SCHEMA', without: TIMES },
  // Events come back disabled.
  {
    table: 'EVENTS',
    schema: 'EVENT_SCHEMA',
    without: [...TIMES, 'STATUS', 'LAST_EXECUTED', 'ORIGINATOR'],
  },
  { table: 'ST_GEOMETRY_COLUMNS', schema: 'TABLE_SCHEMA', without: [] },
]
