import { EcomdbError } from '#core/errors'
import type { ProgramEntry } from '#domain/backup/manifest'
import { quoteIdentifier } from '../../quote.ts'
import type { Session, SqlRow } from '../../session.ts'
import type { LogicalDialect } from './dialect.ts'
import { inOrderOfUse } from './view-order.ts'

interface NamedRow extends SqlRow {
  name: string
}

/** The programs of these databases, in an order that can be created. */
export async function readPrograms(
  dialect: LogicalDialect,
  session: Session,
  schemas: readonly string[],
): Promise<ProgramEntry[]> {
  const kinds = { sequences: [], routines: [], views: [], triggers: [], events: [] } as Record<
    string,
    ProgramEntry[]
  >
  const uses = new Map<ProgramEntry, string>()
  for (const schema of schemas) {
    // In its own database a view's text names its tables without it, so that the view can
    // be made in a database of another name.
    await session.run(`USE ${quoteIdentifier(schema)}`)
    kinds['sequences']?.push(...(await dialect.sequences(session, schema)))
    kinds['routines']?.push(...(await readRoutines(dialect, session, schema)))
    kinds['views']?.push(...(await readViews(session, schema, uses)))
    kinds['triggers']?.push(...(await readTriggers(session, schema)))
    kinds['events']?.push(...(await readEvents(session, schema)))
  }
  const views = inOrderOfUse(kinds['views'] ?? [], view => uses.get(view) ?? '')
  return [
    ...(kinds['sequences'] ?? []),
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
  const rows = await session.rows<NamedRow>(
    `SELECT TABLE_NAME AS name, VIEW_DEFINITION AS definition FROM information_schema.VIEWS
      WHERE TABLE_SCHEMA = ? ORDER BY TABLE_NAME`,
    [schema],
  )
  const invalid = await invalidViews(session, schema)
  const views: ProgramEntry[] = []
  for (const row of rows) {
    const shown = await showCreate(session, 'VIEW', 'Create View', schema, row.name)
    const why = invalid.get(row.name)
    const view = why === undefined ? shown : { ...shown, invalid: why }
    uses.set(view, String(row['definition'] ?? ''))
    views.push(view)
  }
  return views
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

async function readRoutines(
  dialect: LogicalDialect,
  session: Session,
  schema: string,
): Promise<ProgramEntry[]> {
  const rows = await session.rows<NamedRow>(
    `SELECT ROUTINE_NAME AS name, ROUTINE_TYPE AS type FROM information_schema.ROUTINES
      WHERE ROUTINE_SCHEMA = ? ORDER BY ROUTINE_NAME`,
    [schema],
  )
  const programs: ProgramEntry[] = []
  for (const type of dialect.routineTypes) {
    for (const { name } of rows.filter(row => row['type'] === type)) {
      programs.push(await showCreate(session, type, `Create ${titleCase(type)}`, schema, name))
    }
  }
  return programs
}

/** In the order in which the server fires them, which making them in this order repeats. */
async function readTriggers(session: Session, schema: string): Promise<ProgramEntry[]> {
  const rows = await session.rows<NamedRow>(
    `SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?
      ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER`,
    [schema],
  )
  const programs: ProgramEntry[] = []
  for (const { name } of rows) {
    programs.push(await showCreate(session, 'TRIGGER', 'SQL Original Statement', schema, name))
  }
  return programs
}

async function readEvents(session: Session, schema: string): Promise<ProgramEntry[]> {
  const rows = await session.rows<NamedRow>(
    `SELECT EVENT_NAME AS name FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ?
      ORDER BY EVENT_NAME`,
    [schema],
  )
  const programs: ProgramEntry[] = []
  for (const { name } of rows) {
    programs.push(await showCreate(session, 'EVENT', 'Create Event', schema, name))
  }
  return programs
}

/** @throws EcomdbError PRIVILEGE_MISSING when the server hides the text */
async function showCreate(
  session: Session,
  type: string,
  column: string,
  schema: string,
  name: string,
): Promise<ProgramEntry> {
  const [row] = await session.rows(`SHOW CREATE ${type} ${quoteIdentifier(name)}`)
  const create = row?.[column]
  if (typeof create !== 'string') {
    throw new EcomdbError('PRIVILEGE_MISSING', {
      what: `cannot read ${type.toLowerCase()} ${name} of database ${schema}`,
      why: 'the server shows its text to its definer and to accounts with more rights only',
      hints: [
        'grant the backup account SHOW_ROUTINE (MySQL) or SELECT on mysql.proc (MariaDB)',
        'run `ecomdb doctor` to see which privileges the account lacks',
      ],
    })
  }
  const collation = row?.['Database Collation']
  const now = row && 'Database Collation' in row ? await collationOf(session) : null
  return {
    kind: type.toLowerCase() as ProgramEntry['kind'],
    schema,
    name,
    create,
    sqlMode: String(row?.['sql_mode'] ?? ''),
    characterSetClient: String(row?.['character_set_client'] ?? ''),
    collationConnection: String(row?.['collation_connection'] ?? ''),
    timeZone: String(row?.['time_zone'] ?? ''),
    ...(now !== null && collation !== now ? { databaseCollation: String(collation) } : {}),
  }
}

/** Of the current database. */
async function collationOf(session: Session): Promise<string | null> {
  return await session.value('SELECT @@collation_database')
}

function titleCase(type: string): string {
  return type.toLowerCase().replace(/\b[a-z]/g, letter => letter.toUpperCase())
}
