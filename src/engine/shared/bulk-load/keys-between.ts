import { EcomdbError, messageOf } from '#core/errors'
import type { KeyBetween } from '../../logical-writer.ts'
import { quoteIdentifier, quoteQualified } from '../../quote.ts'
import type { Session } from '../../session.ts'

type Key = Omit<KeyBetween, 'isOutward' | 'isThere' | 'orphans' | 'error' | 'statement'> & {
  columns: readonly (readonly [string, string])[]
}

/** See LogicalWriter.keysBetween. */
export async function keysBetween(
  session: Session,
  databases: readonly string[],
  seconds: number,
): Promise<KeyBetween[]> {
  const isFolded = (await session.value('SELECT @@GLOBAL.lower_case_table_names')) !== '0'
  const fold = (name: string): string => (isFolded ? name.toLowerCase() : name)
  const made = new Set(databases.map(fold))
  const between = (await foreignKeys(session)).filter(
    ({ schema, toSchema }) => made.has(fold(schema)) !== made.has(fold(toSchema)),
  )
  const found: KeyBetween[] = []
  for (const { columns, ...key } of between) {
    const isThere = await hasTable(session, key)
    const asked = isThere ? await orphansOf(session, { ...key, columns }, seconds) : { orphans: 0 }
    found.push({ ...key, isOutward: made.has(fold(key.schema)), isThere, ...asked })
  }
  return found
}

async function foreignKeys(session: Session): Promise<Key[]> {
  const rows = await session.rows<Record<'k' | 's' | 't' | 'c' | 'rs' | 'rt' | 'rc', string>>(
    `SELECT CONSTRAINT_NAME AS k, TABLE_SCHEMA AS s, TABLE_NAME AS t, COLUMN_NAME AS c,
            REFERENCED_TABLE_SCHEMA AS rs, REFERENCED_TABLE_NAME AS rt, REFERENCED_COLUMN_NAME AS rc
       FROM information_schema.KEY_COLUMN_USAGE
      WHERE REFERENCED_TABLE_SCHEMA <> TABLE_SCHEMA
      ORDER BY TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION`,
  )
  const byKey = Map.groupBy(rows, ({ k, s, t }) => JSON.stringify([k, s, t]))
  return [...byKey.values()].flatMap(columns =>
    columns.slice(0, 1).map(({ k, s, t, rs, rt }) => ({
      ...{ name: k, schema: s, table: t, toSchema: rs, toTable: rt },
      columns: columns.map(({ c, rc }) => [c, rc] as const),
    })),
  )
}

async function hasTable(
  session: Session,
  { toSchema, toTable }: Pick<Key, 'toSchema' | 'toTable'>,
): Promise<boolean> {
  const known = await session.value(
    'SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?',
    [toSchema, toTable],
  )
  return known !== '0'
}

/** Rows with a NULL in the key refer to nothing. */
async function orphansOf(
  session: Session,
  key: Key,
  seconds: number,
): Promise<Pick<KeyBetween, 'orphans' | 'error' | 'statement'>> {
  const pairs = key.columns.map(([from, to]) => [
    `c.${quoteIdentifier(from)}`,
    `p.${quoteIdentifier(to)}`,
  ])
  const counted = `COUNT(*) FROM ${quoteQualified(key.schema, key.table)} c LEFT JOIN ${quoteQualified(key.toSchema, key.toTable)} p ON ${pairs.map(([from, to]) => `${from} = ${to}`).join(' AND ')} WHERE ${pairs.map(([from]) => `${from} IS NOT NULL`).join(' AND ')} AND ${pairs[0]?.[1]} IS NULL`
  const limited =
    session.flavor.family === 'mysql'
      ? `SELECT /*+ MAX_EXECUTION_TIME(${seconds * 1000}) */ ${counted}`
      : `SET STATEMENT max_statement_time = ${seconds} FOR SELECT ${counted}`
  try {
    return { orphans: Number(await session.value(limited)) }
  } catch (error) {
    // It took too long, or another column is there by now; what came back is no worse for it.
    if (!(error instanceof EcomdbError) || error.code === 'SERVER_LOST') throw error
    const reason = error.why ?? messageOf(error)
    return { orphans: null, error: reason, statement: `SELECT ${counted}` }
  }
}
