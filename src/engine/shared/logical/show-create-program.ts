import { isUtf8 } from 'node:buffer'
import { EcomdbError } from '#core/errors'
import type { ProgramEntry } from '#domain/backup/manifest'
import { withBinaryLiteralsAsHex } from '#domain/schema/binary-literals'
import { quoteIdentifier } from '../../quote.ts'
import type { Session, SqlRow } from '../../session.ts'
import { fromMarked, isSjis, markedBytes, markedText } from '../sjis-backslash.ts'
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
  const rows = await session.rows<StoredProgram & { in_schema: string }>(LISTS[of], [schema])
  // MariaDB compares without case there, also where names of databases have one.
  return rows.filter(row => row.in_schema === schema)
}

const LISTS = {
  routines: `SELECT ROUTINE_SCHEMA AS in_schema, ROUTINE_NAME AS name, ROUTINE_TYPE AS type, DEFINER AS definer,
            IFNULL(ROUTINE_COMMENT, '') AS comment, '' AS \`table\`
       FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ? ORDER BY ROUTINE_NAME`,
  libraries: `SELECT LIBRARY_SCHEMA AS in_schema, LIBRARY_NAME AS name, 'LIBRARY' AS type, CREATOR AS definer,
            LIBRARY_COMMENT AS comment, '' AS \`table\`
       FROM information_schema.LIBRARIES WHERE LIBRARY_SCHEMA = ? ORDER BY LIBRARY_NAME`,
  triggers: `SELECT TRIGGER_SCHEMA AS in_schema, TRIGGER_NAME AS name, 'TRIGGER' AS type, DEFINER AS definer,
            '' AS comment, EVENT_OBJECT_TABLE AS \`table\`
       FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?
      ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER`,
  events: `SELECT EVENT_SCHEMA AS in_schema, EVENT_NAME AS name, 'EVENT' AS type, DEFINER AS definer,
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
  const stored =
    kind !== 'view' && (isGarbled || isEscaped)
      ? (known ?? (await findStored(session, program)))
      : undefined
  const { text, isLossy } = isGarbled
    ? await ungarbled(session, program, { client, create, stored })
    : { text: create, isLossy: false }
  return {
    ...{ kind, schema, name },
    create: stored && isEscaped ? withoutEscapes(kind, text, stored.comment) : text,
    ...(isLossy ? { lossy: true } : {}),
    sqlMode,
    characterSetClient: client,
    collationConnection: String(row?.['collation_connection'] ?? ''),
    timeZone: String(row?.['time_zone'] ?? ''),
    ...(now !== null && collation !== now ? { databaseCollation: String(collation) } : {}),
  }
}

async function show(session: Session, { kind, name }: ProgramName): Promise<SqlRow | undefined> {
  const [row] = await session.rows(`SHOW CREATE ${kind.toUpperCase()} ${quoteIdentifier(name)}`)
  return row && kind === 'library' ? { ...row, ...LIBRARY_CLIENT } : row
}

/** MySQL does not keep of which client a library is: its text is UTF-8. */
const LIBRARY_CLIENT = {
  character_set_client: 'utf8mb4',
  collation_connection: 'utf8mb4_0900_ai_ci',
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
const SHOWN_AS_STORED = new Set(['utf8mb4', 'utf8mb3', 'utf8', 'binary', ''])

/** A server puts a question mark where it can make no letter of the bytes; our driver U+FFFD. */
function mayBeGarbled(kind: ProgramEntry['kind'], client: string, create: string): boolean {
  if (!/^\w+$/.test(client)) return false
  if (SHOWN_AS_STORED.has(client)) return /[?\ufffd]/.test(create)
  const hasBackslash = isSjis(client) && create.includes('\\')
  // A view's text is made anew, all of it in the client's set.
  return hasBackslash || (kind !== 'view' && (!isAscii(create) || create.includes('?')))
}

const LIST_OF: Partial<Record<ProgramEntry['kind'], keyof typeof LISTS>> = {
  library: 'libraries',
  trigger: 'triggers',
  event: 'events',
}

async function findStored(
  session: Session,
  { kind, schema, name }: ProgramName,
): Promise<StoredProgram | undefined> {
  const all = await listStored(session, LIST_OF[kind] ?? 'routines', schema)
  return all.find(one => one.name === name && one.type === kind.toUpperCase())
}

interface Shown {
  client: string
  create: string
  /** Of a view: undefined. */
  stored: StoredProgram | undefined
}

interface ReadText {
  text: string
  /** Are there bytes that are no text in the client's set, or letters that it lacks? */
  isLossy: boolean
}

/** The text as it is stored, not as the server garbles it (see shownPieces). */
async function ungarbled(
  session: Session,
  program: ProgramName,
  { client, create, stored }: Shown,
): Promise<ReadText> {
  const { kind } = program
  const mayLose = /[?\ufffd]/.test(create)
  const isSame = kind !== 'function' && kind !== 'view' && stored && isAscii(lettersOf(stored))
  if (isSame && !mayLose && !isSjis(client)) return { text: create, isLossy: false }
  const bytes = await shownBytes(session, program)
  if (!bytes) return { text: create, isLossy: false }
  if (SHOWN_AS_STORED.has(client)) {
    if (isUtf8(bytes)) return { text: create, isLossy: false }
    const text = kind === 'view' ? withBinaryLiteralsAsHex(bytes, true) : null
    return { text: text ?? create, isLossy: text === null }
  }
  const pieces = stored ? shownPieces(kind, bytes, stored) : [{ bytes, isUtf8: false }]
  const theirs = pieces.filter(piece => !piece.isUtf8)
  // MariaDB, too, puts a question mark into a name where the client's set lacks the letter.
  const names = markedText(client, stored ? lettersOf(stored) : '')
  const values = [names, ...theirs.map(piece => markedBytes(client, piece.bytes))]
  const [row] = await session.rows(
    `SELECT ${values.map((_, place) => `CONVERT(CONVERT(? USING ${client}) USING utf8mb4) AS p${place}`)}`,
    values,
  )
  const [shownNames, ...converted] = Object.values(row ?? {})
  const texts = pieces.map(piece =>
    piece.isUtf8 ? piece.bytes.toString() : converted[theirs.indexOf(piece)],
  )
  if (!texts.every(text => typeof text === 'string')) return { text: create, isLossy: true }
  const text = fromMarked(client, texts.join(''))
  const isLossy = questionMarks(Buffer.from(text)) > questionMarks(bytes) || shownNames !== names
  return { text, isLossy }
}

/** No letter of a set that a client can send has this byte in it. */
function questionMarks(bytes: Buffer): number {
  return bytes.filter(byte => byte === 0x3f).length
}

function lettersOf({ name, definer, comment, table }: StoredStrings): string {
  return name + definer + comment + table
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
