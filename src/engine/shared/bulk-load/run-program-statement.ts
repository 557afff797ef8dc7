import { EcomdbError } from '#core/errors'
import type { ProgramContext, RestoreStatement } from '#domain/backup/restore-plan'
import { quoteQualified, quoteString } from '../../quote.ts'
import { bytesOfMarked, markedText } from '../sjis-backslash.ts'
import type { WireConnection } from './wire-connection.ts'

/** A client that sends these is sending UTF-8, or bytes that mean themselves. */
const SENT_AS_UTF8 = new Set(['utf8mb4', 'utf8mb3', 'utf8', 'binary', ''])

/**
 * MySQL reads expressions of a table under settings of the client that has it opened; once it was opened otherwise it
 * stays open for the statement.
 * - 8.0 and 8.4: a generated column's in the client's set (a trigger of a client of cp932 and a column of Japanese name,
 *   error 1054; 9.7 does not).
 * - A CHECK's under NO_BACKSLASH_ESCAPES, where a quote within one of its literals ends it (error 1064; 9.7). A trigger on such a
 *   table ends with that error in any case, and is there or is not: it is, if the table was open.
 */
export async function runOpened(
  loader: WireConnection,
  { sql, schema, object }: RestoreStatement,
  context: ProgramContext,
  what: string,
): Promise<void> {
  const run = (): Promise<void> => runInContext(loader, sql, context, what)
  const isMade = async (error: unknown): Promise<boolean> =>
    isOf(error, OF_SYNTAX) && (await hasTrigger(loader, object))
  try {
    await run()
  } catch (error) {
    const names = schema === null ? null : tablesToOpen(error, schema, context)
    if (schema === null || names === null) throw error
    if (await isMade(error)) return
    for (const [name] of await loader.rows(names)) {
      await loader.rows(`SELECT 1 FROM ${quoteQualified(schema, name ?? '')} LIMIT 1`)
    }
    await run().catch(async (again: unknown) => {
      if (!(await isMade(again))) throw again
    })
  }
}

/** @param object as a restore names it */
async function hasTrigger(loader: WireConnection, object: string): Promise<boolean> {
  const rows = await loader.rows(
    'SELECT TRIGGER_SCHEMA, TRIGGER_NAME FROM information_schema.TRIGGERS',
  )
  return rows.some(([of, name]) => object === `trigger ${quoteQualified(of ?? '', name ?? '')}`)
}

/** Those of a schema whose expressions the error may be about: a statement that gives their names. */
function tablesToOpen(error: unknown, schema: string, { sqlMode }: ProgramContext): string | null {
  if (isOf(error, OF_EXPRESSION))
    return `SELECT DISTINCT TABLE_NAME FROM information_schema.COLUMNS
      WHERE TABLE_SCHEMA = ${quoteString(schema)} AND GENERATION_EXPRESSION <> ''`
  if (isOf(error, OF_SYNTAX) && sqlMode.includes('NO_BACKSLASH_ESCAPES'))
    return `SELECT DISTINCT TABLE_NAME FROM information_schema.TABLE_CONSTRAINTS
      WHERE TABLE_SCHEMA = ${quoteString(schema)} AND CONSTRAINT_TYPE = 'CHECK'`
  return null
}

function isOf(error: unknown, reason: RegExp): boolean {
  return error instanceof EcomdbError && reason.test(error.why ?? '')
}

const OF_EXPRESSION = /^Unknown column '.*' in 'generated column function'/
const OF_SYNTAX = /^You have an error in your SQL syntax/

/** Under the settings of the session that created it, which the server stores with it. */
export async function runInContext(
  loader: WireConnection,
  sql: string,
  context: ProgramContext,
  what: string,
): Promise<void> {
  const bytes = await inCharacterSet(loader, sql, context.characterSetClient)
  const others = Object.entries({
    ...(context.defaultCollation
      ? { [context.defaultCollation.name]: context.defaultCollation.value }
      : {}),
    ...(context.sessionCollation ? { collation_database: context.sessionCollation } : {}),
  })
  await loader.run(
    'SET @ecomdb_sql_mode = @@sql_mode, @ecomdb_time_zone = @@time_zone, @ecomdb_collation = @@collation_connection' +
      others.map(([name]) => `, @ecomdb_${name} = @@${name}`).join(''),
  )
  try {
    await loader.run(
      `SET sql_mode = ${quoteString(context.sqlMode)}` +
        (context.timeZone ? `, time_zone = ${quoteString(context.timeZone)}` : '') +
        (context.timestamp === undefined ? '' : `, timestamp = ${context.timestamp}`) +
        others.map(([name, value]) => `, ${name} = ${quoteString(value)}`).join('') +
        `, character_set_client = ${quoteString(bytes ? context.characterSetClient : 'utf8mb4')}` +
        `, collation_connection = ${quoteString(context.collationConnection)}`,
      what,
    )
    await loader.run(bytes ?? sql, what)
  } finally {
    await loader
      .run(
        'SET sql_mode = @ecomdb_sql_mode, time_zone = @ecomdb_time_zone, timestamp = DEFAULT, ' +
          // Not its DEFAULT, which is the server's own: statements in a ucs2 are understood by nobody.
          'character_set_client = utf8mb4, collation_connection = @ecomdb_collation' +
          others.map(([name]) => `, ${name} = @ecomdb_${name}`).join(''),
      )
      .catch(() => {})
  }
}

/** The text in a character set, or null where it has characters that the set lacks. */
async function inCharacterSet(
  loader: WireConnection,
  sql: string,
  characterSet: string,
): Promise<Buffer | null> {
  if (SENT_AS_UTF8.has(characterSet)) return Buffer.from(sql)
  if (!/^\w+$/.test(characterSet)) return null
  const hex = Buffer.from(markedText(characterSet, sql)).toString('hex')
  const [row] = await loader.rows(
    `SELECT HEX(CONVERT(_utf8mb4 x'${hex}' USING ${characterSet})),
       HEX(CONVERT(CONVERT(_utf8mb4 x'${hex}' USING ${characterSet}) USING utf8mb4))`,
  )
  const [converted, back] = row ?? []
  if (!converted || back?.toLowerCase() !== hex) return null
  return bytesOfMarked(characterSet, Buffer.from(converted, 'hex'))
}
