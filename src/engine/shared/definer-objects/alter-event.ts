import type { ProgramEntry } from '#domain/backup/manifest'
import type { ProgramContext } from '#domain/backup/restore-plan'
import type { AccountName } from '#domain/schema/service-accounts'
import { underDatabaseCollation } from '../../database-collation.ts'
import { quoteAccount, quoteIdentifier, quoteQualified } from '../../quote.ts'
import type { Session } from '../../session.ts'
import { runInContext } from '../bulk-load/run-program-statement.ts'
import { DEFAULT_COLLATION } from '../bulk-load/source-settings.ts'
import { WireConnection } from '../bulk-load/wire-connection.ts'
import { readProgram } from '../logical/read-programs.ts'

interface EventChange {
  schema: string
  name: string
  definer: AccountName
  /** As in ALTER EVENT: ENABLE, DISABLE. */
  status: string
}

/**
 * Alters events, and leaves the server's binary log and the session's settings alone; but the
 * session's current database is that of the last event afterwards, as readProgram says.
 */
export async function alterEvents(
  session: Session,
  changes: readonly EventChange[],
): Promise<void> {
  if (changes.length === 0) return
  const maker = await WireConnection.open({ ...session.options, database: undefined })
  try {
    await maker.run('SET SESSION sql_log_bin = 0')
    for (const change of changes) await alterEvent(maker, session, change)
  } finally {
    await maker.close()
  }
}

/** ALTER EVENT writes the session's settings and its user into the event: they are the event's own. */
export async function alterEvent(
  maker: WireConnection,
  session: Session,
  { schema, name, definer, status }: EventChange,
): Promise<void> {
  const entry = await readProgram(session, { kind: 'event', schema, name })
  const by = quoteAccount(definer.user, definer.host)
  const sql = `ALTER DEFINER=${by} EVENT ${quoteQualified(schema, name)} ${status}`
  await inContext(maker, session, entry, sql)
}

/**
 * A statement about a program in its own database, under all that the server remembers of the
 * session that made it.
 */
export async function inContext(
  maker: WireConnection,
  session: Session,
  entry: ProgramEntry,
  sql: string,
): Promise<void> {
  const { kind, schema, name } = entry
  const what = `cannot change ${kind} ${schema}.${name}`
  const [row] = await session.rows(`SHOW CREATE DATABASE ${quoteIdentifier(schema)}`)
  const create = String(row?.['Create Database'] ?? '')
  const [before = [], after = []] = underDatabaseCollation(entry, [{ name: schema, create }]) ?? []
  await maker.run(`USE ${quoteIdentifier(schema)}`, what)
  for (const statement of before) await maker.run(statement, what)
  try {
    if (entry.characterSetClient === '') await maker.run(sql, what)
    else await runInContext(maker, sql, contextOf(entry), what)
  } finally {
    for (const statement of after) await maker.run(statement, what)
  }
}

function contextOf(entry: ProgramEntry): ProgramContext {
  const { utf8mb4Collation: value } = entry
  return value
    ? { ...entry, defaultCollation: { name: DEFAULT_COLLATION.mysql.name, value } }
    : entry
}
