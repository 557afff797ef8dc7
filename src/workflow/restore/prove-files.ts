import { EcomdbError, type ErrorCode } from '#core/errors'
import type { Progress } from '#core/progress'
import { countOf } from '#core/units'
import { type Check, checkOf } from '#domain/backup/check'
import type { ProgramEntry } from '#domain/backup/manifest'
import { viewsOn } from '#domain/backup/other-servers'
import type { PhysicalManifest, TableName } from '#domain/backup/physical-manifest'
import { notAsked, viewsThatSet } from '#domain/backup/views-that-set'
import type { Engine } from '#engine/engine'
import type { Catalog } from '#engine/logical-reader'
import type { ConnectOptions, Session } from '#engine/session'
import { compareWithRows } from './compare-with-rows.ts'
import type { PhysicalLayer } from './open-physical.ts'
import type { SnapshotAccess } from './open-snapshot.ts'
import { answersCheck } from './prove-content.ts'
import { type ReadTables, readTables } from './read-tables.ts'

/** What has been found so far, also where a later step fails. */
export interface FilesProof {
  checks: Check[]
  catalog: Catalog | null
  read: ReadTables | null
}

/** A private server that was started on restored files. */
export interface FilesToProve {
  access: SnapshotAccess
  layer: PhysicalLayer
  place: { engine: Engine; connect: ConnectOptions; readers: number }
  /** Its rows are of a later moment than the snapshot: they are compared with nothing. */
  replayed: boolean
}

/**
 * Reads every table of the server and asks its views. GTIDs and rows are compared: those with what the backup
 * has recorded, these with a logical snapshot of the same position where there is one. Writes nothing.
 *
 * @param proof is told of each check
 * @throws EcomdbError of FILES_FAIL where the server does not read its files
 */
export async function proveFiles(
  proof: FilesProof,
  { access, layer, place, replayed }: FilesToProve,
  progress: Progress,
): Promise<void> {
  const { engine, readers } = place
  const connect = { ...place.connect, database: undefined }
  const { checks } = proof
  const { withoutFile = [] } = layer.manifest
  const session = await engine.connect(connect)
  try {
    if (!replayed) checks.push(await gtidsCheck(engine, session, layer.manifest))
    const { isAdmitted, onOtherServers } = engine.physicalBackups
    const away = await onOtherServers(session)
    const without = [...withoutFile, ...away]
    const catalog = await engine.logicalReader.readCatalog(session, null, without)
    proof.catalog = { ...catalog, accounts: catalog.accounts.filter(one => !isAdmitted(one)) }
    checks.push(...unreadChecks(catalog, NO_FILE, withoutFile))
    checks.push(...unreadChecks(catalog, OTHER_SERVERS, away))
    progress.stage('reading every table')
    proof.read = await readTables(engine, connect, catalog.tables, readers, progress)
    const { rows, sha256 } = proof.read
    const amounts = `${countOf(rows, 'row')} of ${countOf(catalog.tables.length, 'table')}`
    const summary = `${amounts} read in full; SHA-256 of all ${sha256.slice(0, 16)}…`
    checks.push(checkOf('tables', summary, []))
    checks.push(await viewsCheck(engine, session, catalog, { without, replayed }))
  } finally {
    await session.close()
  }
  if (replayed) checks.push(NOT_COMPARED)
  else
    checks.push(...(await compareWithRows(access, layer, { engine, connect, readers }, progress)))
}

const NOT_COMPARED: Check = {
  name: 'content',
  outcome: 'unchecked',
  summary: 'no snapshot is of the moment: the rows were read, and not compared with the source',
  differences: [],
}

interface Unread {
  name: string
  why: string
}

const NO_FILE: Unread = {
  name: 'no-file',
  why: 'no data file at the source, so there is nothing to read',
}

const OTHER_SERVERS: Unread = {
  name: 'other-servers',
  why: 'their rows lie on another server, which is not asked here',
}

/** What is not read, by name: these tables, and the views on them. */
function unreadChecks(
  { programs }: Catalog,
  { name, why }: Unread,
  tables: readonly TableName[],
): Check[] {
  if (tables.length === 0) return []
  const left = namesOf(tables)
  const named = [...left, ...viewsOn(programs.filter(isView), left)].map(qualified)
  const summary = `${why}: ${named.join(', ')}`
  return [{ name, outcome: 'unchecked', summary, differences: [] }]
}

/**
 * Asks the views that do not read these tables. Whether a function that a view calls reads one, nobody can say
 * for sure; where one does not answer that may, that says nothing of the files.
 */
async function viewsCheck(
  engine: Engine,
  session: Session,
  { programs }: Catalog,
  { without, replayed }: { without: readonly TableName[]; replayed: boolean },
): Promise<Check> {
  const tables = namesOf(without)
  const views = programs.filter(isView)
  const unread = viewsOn(views, tables)
  const setting = viewsThatSet(programs)
  const asked = views.filter(view => !unread.includes(view) && !setting.includes(view))
  const silent = await engine.logicalWriter.askViews(session, asked)
  const routines = programs.filter(({ kind }) => ROUTINES.includes(kind))
  const mayRead = tables.length === 0 ? [] : viewsOn(asked, tables, routines).map(qualified)
  const invalid = asked.filter(view => view.invalid !== undefined).map(qualified)
  const closed = silent.filter(view => !view.opens)
  // Such a view does not open here for want of what is not read, and may on the source.
  const byRoutine = closed.filter(view => mayRead.includes(qualified(view)))
  const broken = closed.filter(
    view => !byRoutine.includes(view) && invalid.includes(qualified(view)),
  )
  const left = [...broken, ...byRoutine]
  const others = silent.filter(view => !left.includes(view))
  const besides = `${notAnswering(broken, replayed ? BROKEN_HERE : BROKEN)}${notAnswering(byRoutine, BY_ROUTINE)}${notAsked(setting)}`
  return answersCheck(asked.length - left.length, others, besides)
}

const notAnswering = (views: readonly Named[], why: string): string =>
  views.length === 0 ? '' : `; not ${views.map(qualified).join(', ')}, ${why}`

type Named = Parameters<typeof qualified>[0]

/** All files are there, each with its hash, and every table was read: so it is on the source. */
const BROKEN = 'where what it reads, or who it runs as, is not on the source either'
/** Behind a replay it may be there, and in no log. */
const BROKEN_HERE = 'where what it reads, or who it runs as, is neither in the files nor in the log'

const ROUTINES: readonly ProgramEntry['kind'][] = ['function', 'procedure', 'package body']
const BY_ROUTINE = 'where a function that is called names what is not read here'

const isView = ({ kind }: ProgramEntry): boolean => kind === 'view'
const qualified = ({ schema, name }: { schema: string; name: string }): string =>
  `${schema}.${name}`
const namesOf = (tables: readonly TableName[]): { schema: string; name: string }[] =>
  tables.map(({ database, table }) => ({ schema: database, name: table }))

async function gtidsCheck(
  engine: Engine,
  session: Session,
  { position: { gtidSet } }: PhysicalManifest,
): Promise<Check> {
  const found = await engine.physicalBackups.restoredGtids(session)
  if (found === null || gtidSet === '') {
    const summary = gtidSet === '' ? 'the source had none' : 'the files do not tell them'
    return { name: 'gtids', outcome: 'unchecked', summary, differences: [] }
  }
  const differences = found === gtidSet ? [] : [`${gtidSet} were recorded, and ${found} are here`]
  return checkOf('gtids', `the restored server has those of the backup: ${gtidSet}`, differences)
}

export const WITHOUT_PROOF = 'without --prove the files stay, and no server has read them'

/**
 * What a restore says of it; the files are gone then. Anything else (no room, killed, no rights, nothing said) says
 * nothing of them.
 */
export function asDamage(error: unknown): unknown {
  if (!(error instanceof EcomdbError) || !FILES_FAIL.includes(error.code)) return error
  if (error.code === 'CONTENT_MISMATCH' || error.code === 'OBJECT_DAMAGED') return error
  if (isOfHost(error)) return error
  if (error.code === 'TOOL_FAILED' && !error.why?.includes('[ERROR]')) return error
  return new EcomdbError('CONTENT_MISMATCH', {
    what: 'a private server did not read the restored files',
    why: error.why ? `${error.what}: ${error.why}` : error.what,
    hints: ['restore another snapshot: `ecomdb backup list`; and drill it first', WITHOUT_PROOF],
    cause: error,
  })
}

/** Rights (AppArmor, SELinux), the number of open files or of AIO contexts, a disk that is not to be written: what both servers say of them. */
const OF_HOST =
  /io_setup\(\) failed|initialize AIO|must be writable|access rights to the directory|permission denied|not permitted|read-only file system|too many open files|(?:errcode|errno|os error|error number)\W{1,2}(?:1|13|23|24|30)\b/i

/** A server that does not start, as this host does not let it, or that has said nothing for minutes and not ended. */
export function isOfHost(error: unknown): boolean {
  if (!(error instanceof EcomdbError) || error.code !== 'TOOL_FAILED') return false
  const why = error.why ?? ''
  return why.includes('and did nothing for') || OF_HOST.test(`${error.what}: ${why}`)
}

/** A program or a server that fails so on files has found something out about them; but see isOfHost. */
export const FILES_FAIL: readonly ErrorCode[] = [
  'OBJECT_DAMAGED',
  'CONTENT_MISMATCH',
  'SERVER_REFUSED',
  'TOOL_FAILED',
  'SERVER_LOST',
]
