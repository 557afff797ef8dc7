import { EcomdbError, type ErrorCode } from '#core/errors'
import type { Progress } from '#core/progress'
import { countOf } from '#core/units'
import { type Check, checkOf } from '#domain/backup/check'
import { viewsOn } from '#domain/backup/other-servers'
import type { PhysicalManifest, TableName } from '#domain/backup/physical-manifest'
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
    if (withoutFile.length > 0) checks.push(noFileCheck(layer.manifest))
    const { isAdmitted, onOtherServers } = engine.physicalBackups
    const away = await onOtherServers(session)
    const without = [...withoutFile, ...away]
    const catalog = await engine.logicalReader.readCatalog(session, null, without)
    proof.catalog = { ...catalog, accounts: catalog.accounts.filter(one => !isAdmitted(one)) }
    progress.stage('reading every table')
    proof.read = await readTables(engine, connect, catalog.tables, readers, progress)
    const { rows, sha256 } = proof.read
    const amounts = `${countOf(rows, 'row')} of ${countOf(catalog.tables.length, 'table')}`
    const summary = `${amounts} read in full; SHA-256 of all ${sha256.slice(0, 16)}…`
    checks.push(checkOf('tables', summary, []))
    const views = answering(catalog, away, checks)
    checks.push(answersCheck(views.length, await engine.logicalWriter.askViews(session, views)))
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

/** The views that can be asked without these tables; what cannot is named. */
function answering(
  { programs }: Catalog,
  away: readonly TableName[],
  checks: Check[],
): Catalog['programs'][number][] {
  const views = programs.filter(({ kind }) => kind === 'view')
  if (away.length === 0) return views
  const tables = away.map(({ database, table }) => ({ schema: database, name: table }))
  const silent = viewsOn(views, tables)
  const named = [...tables, ...silent].map(({ schema, name }) => `${schema}.${name}`)
  const summary = `their rows lie on another server, which is not asked here: ${named.join(', ')}`
  checks.push({ name: 'other-servers', outcome: 'unchecked', summary, differences: [] })
  return views.filter(view => !silent.includes(view))
}

function noFileCheck({ withoutFile = [] }: PhysicalManifest): Check {
  const names = withoutFile.map(({ database, table }) => `${database}.${table}`)
  const summary = `no data file at the source, so there is nothing to read: ${names.join(', ')}`
  return { name: 'no-file', outcome: 'unchecked', summary, differences: [] }
}

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
 * What a restore says of it; the files are gone then. Anything else (no room, killed, no rights) says nothing of them.
 */
export function asDamage(error: unknown): unknown {
  if (!(error instanceof EcomdbError) || !FILES_FAIL.includes(error.code)) return error
  if (error.code === 'CONTENT_MISMATCH' || error.code === 'OBJECT_DAMAGED') return error
  return new EcomdbError('CONTENT_MISMATCH', {
    what: 'a private server did not read the restored files',
    why: error.why ? `${error.what}: ${error.why}` : error.what,
    hints: ['restore another snapshot: `ecomdb backup list`; and drill it first', WITHOUT_PROOF],
    cause: error,
  })
}

/** A program or a server that fails so on files has found something out about them. */
export const FILES_FAIL: readonly ErrorCode[] = [
  'OBJECT_DAMAGED',
  'CONTENT_MISMATCH',
  'SERVER_REFUSED',
  'TOOL_FAILED',
  'SERVER_LOST',
]
