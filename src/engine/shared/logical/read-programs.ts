import { EcomdbError } from '#core/errors'
import type { ProgramEntry } from '#domain/backup/manifest'
import { lostColumns } from '#domain/schema/lost-columns'
import { quoteIdentifier, quoteQualified } from '../../quote.ts'
import { comesOfRows, serverErrorNumber } from '../../server-error.ts'
import type { Session, SqlRow } from '../../session.ts'
import type { LogicalDialect } from './dialect.ts'
import { withOwnCollations } from './routine-collation.ts'
import { listStored, type StoredProgram, showCreateProgram } from './show-create-program.ts'
import { writtenDefiner } from './shown-pieces.ts'
import { inOrderOfUse } from './view-order.ts'

interface NamedRow extends SqlRow {
  name: string
}

interface ViewRow extends NamedRow {
  definition: string | null
  definer: string
  security: string
  client: string
  collation: string
}

/** The programs of these databases, in an order that can be created. */
export async function readPrograms(
  dialect: LogicalDialect,
  session: Session,
  schemas: readonly string[],
): Promise<ProgramEntry[]> {
  const kinds = {
    sequences: [],
    libraries: [],
    routines: [],
    views: [],
    triggers: [],
    events: [],
  } as Record<string, ProgramEntry[]>
  const uses = new Map<ProgramEntry, string>()
  for (const schema of schemas) {
    // In its own database a view's text names its tables without it, so that the view can
    // be made in a database of another name.
    await session.run(`USE ${quoteIdentifier(schema)}`)
    kinds['sequences']?.push(...(await dialect.sequences(session, schema)))
    kinds['libraries']?.push(...(await readLibraries(session, schema)))
    kinds['routines']?.push(...(await readRoutines(dialect, session, schema)))
    kinds['views']?.push(...(await readViews(session, schema, uses)))
    kinds['triggers']?.push(...(await readTriggers(session, schema)))
    kinds['events']?.push(...(await readEvents(session, schema)))
  }
  const views = inOrderOfUse(kinds['views'] ?? [], view => uses.get(view) ?? '')
  return [
    ...(kinds['sequences'] ?? []),
    // A routine may use one of another database.
    ...(kinds['libraries'] ?? []),
    ...(kinds['routines'] ?? []),
    ...views,
    ...(kinds['triggers'] ?? []),
    ...(kinds['events'] ?? []),
  ]
}

async function readViews(
  session: Session,
  schema: string,
  uses: Map<ProgramEntry, string>,
): Promise<ProgramEntry[]> {
  const rows = await session.rows<ViewRow>(
    `SELECT TABLE_NAME AS name, VIEW_DEFINITION AS definition, DEFINER AS definer,
            SECURITY_TYPE AS security, CHARACTER_SET_CLIENT AS client,
            COLLATION_CONNECTION AS collation
       FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ? ORDER BY TABLE_NAME`,
    [schema],
  )
  const invalid = await invalidViews(session, schema)
  const views: ProgramEntry[] = []
  for (const row of rows) {
    const refused = await whyNotOpened(session, schema, row.name)
    const why = invalid.get(row.name) ?? refused
    const view = { kind: 'view', schema, name: row.name } as const
    const shown = await showCreateProgram(session, view).catch(error => {
      if (why === undefined || !isRefusal(error)) throw error
      return unshownView(schema, row)
    })
    const read = why === undefined ? shown : { ...shown, invalid: why }
    uses.set(read, row.definition ?? '')
    views.push(read)
  }
  return views
}

/** A broken view that the server does not show either: what its tables say of it. */
function unshownView(schema: string, row: ViewRow): ProgramEntry {
  return {
    kind: 'view',
    schema,
    name: row.name,
    create: `CREATE DEFINER=${writtenDefiner(row.definer, quoteIdentifier)} SQL SECURITY ${row.security} VIEW ${quoteIdentifier(row.name)} AS ${row.definition ?? ''}`,
    sqlMode: '',
    characterSetClient: row.client,
    collationConnection: row.collation,
    timeZone: '',
    unshown: true,
  }
}

/**
 * Both engines put why a view is invalid where a table has its comment. MariaDB opens the
 * view, and finds out, only when a column is asked for that needs it: CREATE_TIME.
 */
async function invalidViews(session: Session, schema: string): Promise<Map<string, string>> {
  const rows = await session.rows<NamedRow>(
    `SELECT TABLE_NAME AS name, TABLE_COMMENT AS comment, CREATE_TIME AS opened
       FROM information_schema.TABLES
      WHERE TABLE_SCHEMA = ? AND TABLE_TYPE = 'VIEW'
        AND TABLE_COMMENT NOT IN ('VIEW', '')`,
    [schema],
  )
  return new Map(rows.map(row => [row.name, String(row['comment'])]))
}

/**
 * The server's comment knows of what was dropped, and not of a view whose own text is broken:
 * one of a column that the character set of its maker's session does not have (measured on both
 * engines). Preparing a statement opens the view, and reads no row.
 *
 * @returns why it cannot be opened, or undefined when it can, or is hidden from this account
 */
async function whyNotOpened(
  session: Session,
  schema: string,
  name: string,
): Promise<string | undefined> {
  const select = `SELECT 1 FROM ${quoteQualified(schema, name)}`
  try {
    await openView(session, select)
  } catch (error) {
    // Who may not read a view may still back up its text.
    if (error instanceof EcomdbError && error.code === 'PRIVILEGE_MISSING') return undefined
    if (comesOfRows(error)) return undefined
    if (!isRefusal(error)) throw error
    return error.why ?? error.what
  }
  return undefined
}

/** A server whose statements are all taken (max_prepared_stmt_count) is asked for no rows. */
async function openView(session: Session, select: string): Promise<void> {
  await session.run('SET @ecomdb_view = ?', [select])
  try {
    await session.run('PREPARE ecomdb_view FROM @ecomdb_view')
  } catch (error) {
    if (serverErrorNumber(error) !== TOO_MANY_STATEMENTS) throw error
    await session.run(`${select} LIMIT 0`)
    return
  }
  await session.run('DEALLOCATE PREPARE ecomdb_view')
}

/** ER_MAX_PREPARED_STMT_COUNT_REACHED */
const TOO_MANY_STATEMENTS = 1461

function isRefusal(error: unknown): error is EcomdbError {
  // An unknown database is one that the broken text names.
  const codes = ['SERVER_REFUSED', 'SCHEMA_MISSING']
  return error instanceof EcomdbError && codes.includes(error.code)
}

/** Code that routines in JavaScript or WebAssembly share (MySQL 9.2, "CREATE LIBRARY"). */
async function readLibraries(session: Session, schema: string): Promise<ProgramEntry[]> {
  if (!session.flavor.atLeast('mysql', 9, 2)) return []
  return await showAll(session, schema, await listStored(session, 'libraries', schema))
}

async function readRoutines(
  dialect: LogicalDialect,
  session: Session,
  schema: string,
): Promise<ProgramEntry[]> {
  const stored = await listStored(session, 'routines', schema)
  const inOrder = dialect.routineTypes.flatMap(type => stored.filter(one => one.type === type))
  return await withOwnCollations(session, schema, await showAll(session, schema, inOrder))
}

/** In the order in which the server fires them, which making them in this order repeats. */
async function readTriggers(session: Session, schema: string): Promise<ProgramEntry[]> {
  const stored = await listStored(session, 'triggers', schema)
  if (stored.length === 0) return []
  const columns = await columnsOf(session, schema, [...new Set(stored.map(({ table }) => table))])
  const triggers = await showAll(session, schema, stored)
  return triggers.map((trigger, at) => {
    const table = stored[at]?.table ?? ''
    const known = columns.get(table)
    const lost = known ? lostColumns(trigger.create, known) : []
    if (lost.length === 0) return trigger
    return { ...trigger, invalid: `${table} has no column for ${lost.join(', ')}` }
  })
}

async function columnsOf(
  session: Session,
  schema: string,
  tables: readonly string[],
): Promise<Map<string, string[]>> {
  const rows = await session.rows<NamedRow & { of: string }>(
    `SELECT TABLE_NAME AS \`of\`, COLUMN_NAME AS name FROM information_schema.COLUMNS
      WHERE TABLE_SCHEMA = ? AND TABLE_NAME IN (${tables.map(() => '?').join(', ')})`,
    [schema, ...tables],
  )
  const columns = new Map<string, string[]>()
  for (const { of, name } of rows) columns.set(of, [...(columns.get(of) ?? []), name])
  return columns
}

async function readEvents(session: Session, schema: string): Promise<ProgramEntry[]> {
  return await showAll(session, schema, await listStored(session, 'events', schema))
}

async function showAll(
  session: Session,
  schema: string,
  stored: readonly StoredProgram[],
): Promise<ProgramEntry[]> {
  const programs: ProgramEntry[] = []
  for (const one of stored) {
    const kind = one.type.toLowerCase() as ProgramEntry['kind']
    programs.push(await showCreateProgram(session, { kind, schema, name: one.name }, one))
  }
  return programs
}

/**
 * A program as the backup reads it. The session's current database is the program's afterwards.
 *
 * @throws EcomdbError PRIVILEGE_MISSING when the server hides the text
 */
export async function readProgram(
  session: Session,
  { kind, schema, name }: Pick<ProgramEntry, 'kind' | 'schema' | 'name'>,
): Promise<ProgramEntry> {
  await session.run(`USE ${quoteIdentifier(schema)}`)
  return await showCreateProgram(session, { kind, schema, name })
}
