import { quoteIdentifier, quoteQualified } from '#engine/quote'
import type { Session, SqlRow } from '#engine/session'

/**
 * Every value of a server's own databases as the server itself takes it apart: not as the
 * backup's reader prints it, which may print two values alike. By table; each row is a
 * line, sorted.
 */
export async function serverValues(session: Session): Promise<Record<string, string[]>> {
  const columns = await session.rows<
    SqlRow & { s: string; t: string; c: string; type: string; charset: string | null }
  >(
    `SELECT c.TABLE_SCHEMA AS s, c.TABLE_NAME AS t, COLUMN_NAME AS c, DATA_TYPE AS type,
            CHARACTER_SET_NAME AS charset
       FROM information_schema.COLUMNS c JOIN information_schema.TABLES t
         ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME
      WHERE c.TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')
        AND TABLE_TYPE <> 'VIEW' ORDER BY 1, 2, ORDINAL_POSITION`,
  )
  const tables = Map.groupBy(columns, ({ s, t }) => quoteQualified(s, t))
  const values: Record<string, string[]> = {}
  for (const [table, mine] of tables) {
    const versioning = await versioningOf(session, table)
    const times = versioning === 'times unnamed' ? ['row_start', 'row_end'] : []
    const parts = [...mine, ...times.map(c => ({ c, type: 'timestamp', charset: null }))].map(
      ({ c, type, charset }) => part(quoteIdentifier(c), type, charset),
    )
    const rows = await session.rows<SqlRow & { line: string }>(
      `SELECT CONCAT_WS('|', ${parts.join(', ')}) AS line FROM ${table}${versioning === null ? '' : ' FOR SYSTEM_TIME ALL'}`,
    )
    values[table] = rows.map(({ line }) => line).sort()
  }
  return values
}

/** Columns for the times of rows are among the others where the table names them. */
async function versioningOf(
  session: Session,
  table: string,
): Promise<'times named' | 'times unnamed' | null> {
  if (session.flavor.family !== 'mariadb') return null
  const [row] = await session.rows(`SHOW CREATE TABLE ${table}`)
  const create = String(Object.values(row ?? {})[1])
  if (!/WITH SYSTEM VERSIONING/.test(create)) return null
  return /GENERATED ALWAYS AS ROW START/.test(create) ? 'times named' : 'times unnamed'
}

function part(column: string, type: string, charset: string | null): string {
  return `IFNULL(${expression(column, type, charset)}, 'NULL')`
}

function expression(column: string, type: string, charset: string | null): string {
  if (type === 'float') return `CAST(CAST(${column} AS DOUBLE) AS CHAR)`
  if (type === 'double') return `CONCAT(${column}, ':', SIGN(${column}))`
  if (type === 'bit') return `CONCAT(HEX(${column}), ':', LENGTH(${column}))`
  // A member's number: its text does not tell '' from the invalid value.
  if (type === 'enum' || type === 'set') return `CONCAT(${column} + 0, ':', HEX(${column}))`
  if (GEOMETRIES.has(type)) return `CONCAT(ST_SRID(${column}), ':', HEX(ST_AsBinary(${column})))`
  if (type === 'vector') return `HEX(${column})`
  if (type === 'json') return `CONCAT(JSON_TYPE(${column}), ':', HEX(CAST(${column} AS CHAR)))`
  if (
    type.endsWith('blob') ||
    type.endsWith('text') ||
    charset !== null ||
    type.endsWith('binary')
  ) {
    return `CONCAT(LENGTH(${column}), ':', SHA2(${column}, 256), ':', HEX(LEFT(${column}, 20)))`
  }
  return `HEX(CAST(${column} AS CHAR))`
}

const GEOMETRIES = new Set(
  (
    'geometry point linestring polygon multipoint multilinestring multipolygon ' +
    'geometrycollection geomcollection'
  ).split(' '),
)
