import { EcomdbError } from '#core/errors'
import type { ProgramEntry } from '#domain/backup/manifest'
import { quoteIdentifier } from '../../quote.ts'
import type { Session, SqlRow } from '../../session.ts'
import { fromMarked, isSjis, markedBytes } from '../sjis-backslash.ts'
import { isAscii, type StoredStrings, shownPieces, withoutEscapes } from './shown-pieces.ts'

/** A program of a database as information_schema has it. */
export interface StoredProgram extends SqlRow, StoredStrings {
  /** As in SHOW CREATE: "PACKAGE BODY". */
  type: string
}

/** In the order of their names; of triggers, in the order in which the server fires them. */
export async function listStored(
  session: Session,
  of: keyof typeof LISTS,
  schema: string,
): Promise<StoredProgram[]> {
  return await session.rows<StoredProgram>(LISTS[of], [schema])
}

const LISTS = {
  routines: `SELECT ROUTINE_NAME AS name, ROUTINE_TYPE AS type, DEFINER AS definer,
            IFNULL(ROUTINE_COMMENT, '') AS comment, '' AS \`table\`
       FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ? ORDER BY ROUTINE_NAME`,
  triggers: `SELECT TRIGGER_NAME AS name, 'TRIGGER' AS type, DEFINER AS definer,
            '' AS comment, EVENT_OBJECT_TABLE AS \`table\`
       FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?
      ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER`,
  events: `SELECT EVENT_NAME AS name, 'EVENT' AS type, DEFINER AS definer,
            EVENT_COMMENT AS comment, '' AS \`table\`
       FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ? ORDER BY EVENT_NAME`,
}

type ProgramName = Pick<ProgramEntry, 'kind' | 'schema' | 'name'>

/**
 * One program of the current database.
 *
 * @param known what information_schema has of it, where that has been read
 * @throws EcomdbError PRIVILEGE_MISSING when the server hides the text
 */
export async function showCreateProgram(
  session: Session,
  program: ProgramName,
  known?: StoredProgram,
): Promise<ProgramEntry> {
  const { kind, schema, name } = program
  const row = await show(session, program)
  const create = row?.[columnOf(kind)]
  if (typeof create !== 'string') {
    throw new EcomdbError('PRIVILEGE_MISSING', {
      what: `cannot read ${kind} ${name} of database ${schema}`,
      why: 'the server shows its text to its definer and to accounts with more rights only',
      hints: [
        'grant the backup account SHOW_ROUTINE (MySQL) or SELECT on mysql.proc (MariaDB)',
        'run `ecomdb doctor` to see which privileges the account lacks',
      ],
    })
  }
  const collation = row?.['Database Collation']
  const now = row && 'Database Collation' in row ? await collationOf(session) : null
  const client = String(row?.['character_set_client'] ?? '')
  const sqlMode = String(row?.['sql_mode'] ?? '')
  const isGarbled = mayBeGarbled(kind, client, create)
  const isEscaped =
    kind !== 'view' && sqlMode.includes('NO_BACKSLASH_ESCAPES') && create.includes('\\')
  const stored = isGarbled || isEscaped ? (known ?? (await findStored(session, program))) : null
  const text =
    (stored && isGarbled ? await ungarbled(session, program, client, stored) : null) ?? create
  return {
    ...{ kind, schema, name },
    create: stored && isEscaped ? withoutEscapes(kind, text, stored.comment) : text,
    sqlMode,
    characterSetClient: client,
    collationConnection: String(row?.['collation_connection'] ?? ''),
    timeZone: String(row?.['time_zone'] ?? ''),
    ...(now !== null && collation !== now ? { databaseCollation: String(collation) } : {}),
  }
}

async function show(session: Session, { kind, name }: ProgramName): Promise<SqlRow | undefined> {
  const [row] = await session.rows(`SHOW CREATE ${kind.toUpperCase()} ${quoteIdentifier(name)}`)
  return row
}

/** Of SHOW CREATE: the one that has the text. */
function columnOf(kind: ProgramEntry['kind']): string {
  if (kind === 'trigger') return 'SQL Original Statement'
  return `Create ${kind.replace(/\b[a-z]/g, letter => letter.toUpperCase())}`
}

/** Of the current database. */
async function collationOf(session: Session): Promise<string | null> {
  return await session.value('SELECT @@collation_database')
}

/** What is in these is UTF-8, or is not converted. */
const SHOWN_AS_STORED = new Set(['utf8mb4', 'utf8mb3', 'utf8', 'ascii', 'binary', ''])

/** A server puts a question mark where it can make no letter of the bytes. */
function mayBeGarbled(kind: ProgramEntry['kind'], client: string, create: string): boolean {
  // A view's text is made anew in UTF-8.
  if (kind === 'view' || SHOWN_AS_STORED.has(client) || !/^\w+$/.test(client)) return false
  return !isAscii(create) || create.includes('?') || (isSjis(client) && create.includes('\\'))
}

async function findStored(
  session: Session,
  { kind, schema, name }: ProgramName,
): Promise<StoredProgram | undefined> {
  const list = kind === 'trigger' ? 'triggers' : kind === 'event' ? 'events' : 'routines'
  const all = await listStored(session, list, schema)
  return all.find(one => one.name === name && one.type === kind.toUpperCase())
}

/**
 * The text as it is stored, not as the server garbles it (see shownPieces).
 *
 * @returns null where nothing is garbled, or the bytes are no text
 */
async function ungarbled(
  session: Session,
  program: ProgramName,
  client: string,
  stored: StoredProgram,
): Promise<string | null> {
  const { kind } = program
  if (kind !== 'function' && isPlain(stored) && !isSjis(client)) return null
  const shown = await shownBytes(session, program)
  const pieces = shown ? shownPieces(kind, shown, stored) : []
  if (!pieces.some(({ isUtf8 }) => isUtf8) && !isSjis(client)) return null
  const theirs = pieces.filter(({ isUtf8 }) => !isUtf8)
  const [row] = await session.rows(
    `SELECT ${theirs.map((_, place) => `CONVERT(CONVERT(? USING ${client}) USING utf8mb4) AS p${place}`)}`,
    theirs.map(({ bytes }) => markedBytes(client, bytes)),
  )
  const converted = Object.values(row ?? {})
  const texts = pieces.map(piece =>
    piece.isUtf8 ? piece.bytes.toString() : converted[theirs.indexOf(piece)],
  )
  return pieces.length > 0 && texts.every(text => typeof text === 'string')
    ? fromMarked(client, texts.join(''))
    : null
}

function isPlain({ name, definer, comment, table }: StoredStrings): boolean {
  return isAscii(name + definer + comment + table)
}

/** What SHOW CREATE prints before the server converts it for the client. */
async function shownBytes(session: Session, program: ProgramName): Promise<Buffer | null> {
  await session.run('SET @ecomdb_results = @@character_set_results, character_set_results = binary')
  try {
    const shown = (await show(session, program))?.[columnOf(program.kind)]
    return Buffer.isBuffer(shown) ? shown : null
  } finally {
    await session.run('SET character_set_results = @ecomdb_results')
  }
}
