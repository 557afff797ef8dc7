import { chmod, lchown, realpath, rmdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '#core/clock'
import { readDataFolder } from '#core/data-files'
import { EcomdbError, type ErrorCode } from '#core/errors'
import { adviseOnInterrupt, onInterrupt, throwIfInterrupted } from '#core/interruption'
import { makeFolder } from '#core/make-folder'
import type { Progress } from '#core/progress'
import { isDiskFull, translateStorageError } from '#core/storage-error'
import type { Check } from '#domain/backup/check'
import { logsElsewhere } from '#domain/backup/logs-elsewhere'
import type { Position } from '#domain/backup/position'
import type { EngineFamily } from '#domain/engine-family'
import type { AccountName } from '#domain/schema/service-accounts'
import type { Engine } from '#engine/engine'
import { usingRepository } from '#repository/repository-use'
import {
  claimFolder,
  emptyFolder,
  isClaimed,
  LEFT_HINTS,
  type Leftover,
  refuseFull,
  unclaimFolder,
} from './data-folder-mark.ts'
import { flushFiles, flushFolder } from './flush-files.ts'
import { type LeaversSince, leaversSince } from './leavers-since.ts'
import { openChain, type PhysicalLayer, warnOfLacks } from './open-physical.ts'
import { type SnapshotAccess, warnOfOthers } from './open-snapshot.ts'
import { refuseFolder } from './refuse-folder.ts'
import { refuseInside } from './refuse-inside.ts'
import { restoreDataFolder } from './restore-data-folder.ts'
import { removeServerOn, takeFilesFromServer } from './server-on-files.ts'

/** In the data directory, where the server can read it whatever guards it. */
const LEAVERS_FILE = 'ecomdb-leavers.sql'

/** How long a signal waits for the work to stop; less than the program waits for all clean-ups. */
const SETTLE_MS = 20_000

export interface PhysicalRestoreOptions {
  /** A snapshot id, an unambiguous beginning of one, or 'latest'. */
  snapshot: string
  /** The data directory: missing, or empty. */
  dataFolder: string
  dryRun: boolean
  /** What becomes of what a restore has left in the directory that was killed. */
  leftover: Leftover
  /** Where the audit trail would be, if the snapshot has one. */
  auditDatabase: string
  sequel?: FilesSequel | undefined
}

/** What follows when the files are prepared and their pages right; they are nobody's until it ends. */
export interface FilesSequel {
  /** Refuses what `run` would, before there are any files; absent where that was done before. */
  check?(engine: Engine, folder: string, files: { serverVersion: string }): Promise<void>
  /** Brings the data directory `folder` of a snapshot further; `stays`: a signal leaves its files there. */
  run(
    engine: Engine,
    layer: PhysicalLayer,
    folder: string,
    stays: boolean,
  ): Promise<readonly Check[]>
  /** Are session accounts of the broker gone behind it? */
  dropsSessions: boolean
  /** What else to do where it found a difference. */
  hints?: readonly string[]
}

export interface PhysicalRestoreReport {
  snapshotId: string
  consistentAt: string
  engine: EngineFamily
  serverVersion: string
  position: Position
  dataFolder: string
  /** Snapshots that were read, the full one first. */
  chain: readonly string[]
  files: number
  bytes: number
  /** Who has left since. */
  leavers: readonly string[]
  /** What the server must be started with (init_file), so that they do not come back; or null. */
  initFile: string | null
  /** What somebody has to do before the server is used, in words. */
  findings: readonly string[]
  /** null for a dry run. */
  outcome: { checks: readonly Check[]; durationMs: number; owner: number } | null
}

/**
 * `ecomdb restore --data-dir`: the data files of a physical snapshot, into an empty directory,
 * prepared, checked, and owned by whoever owns the directory. No server is started on it.
 *
 * @throws EcomdbError TARGET_NOT_EMPTY, LOCKED, UNSUPPORTED, TOOL_MISSING (nothing was changed);
 *   OBJECT_DAMAGED, CONTENT_MISMATCH (a page), TOOL_FAILED, a full disk: the directory is empty again; OF_TARGET's, or resumed: files stay
 */
export async function restorePhysically(
  options: PhysicalRestoreOptions,
  access: SnapshotAccess,
  engineFor: (family: EngineFamily) => Promise<Engine>,
  clock: Clock,
  progress: Progress,
): Promise<PhysicalRestoreReport> {
  const startedMs = clock.monotonicMs()
  progress.stage('opening the snapshot')
  const { repository, trustedSigners } = access
  const envelope = await repository.readEnvelope(options.snapshot, trustedSigners, 'physical')
  if (envelope.method !== 'physical') throw notPhysical(envelope.snapshotId)
  if (options.snapshot === 'latest') await warnOfOthers(access, envelope, progress)
  const leavers = await leaversSince(access, envelope.consistentAt)
  for (const text of leavers.unasked) progress.warn(text)
  const layers = await openChain(access, envelope)
  warnOfLacks(layers, progress)
  const engine = await engineFor(envelope.engine)
  await engine.physicalBackups.requirePrograms(envelope.serverVersion)
  const folder = resolve(options.dataFolder)
  await options.sequel?.check?.(engine, folder, envelope)
  await refuseInside(folder)
  await refuseFolder(folder)
  await refuseFull(folder, options.leftover)
  const report = reportOf(layers, folder, leavers, options.auditDatabase)
  if (options.dryRun) return report
  const { leftover, sequel } = options
  const place = { folder, leftover, leavers: leavers.accounts, sequel }
  const { paths, initFile, sessions, ...done } = await usingRepository(access.repository, () =>
    fill(engine, access, layers, place, progress),
  )
  const findings = [
    ...logsElsewhere(envelope.engine, layers.at(-1)?.manifest.settings ?? {}),
    ...findingsOf({ leavers, sessions }, initFile, paths, options.auditDatabase),
  ]
  const durationMs = Math.round(clock.monotonicMs() - startedMs)
  return { ...report, initFile, findings, outcome: { ...done, durationMs } }
}

/** Who must not be let in on the files as they are. */
interface Unwanted {
  leavers: LeaversSince
  /** Session accounts of the broker may be in them. */
  sessions: boolean
}

function findingsOf(
  { leavers, sessions }: Unwanted,
  initFile: string | null,
  paths: readonly string[],
  auditDatabase: string,
): string[] {
  return [
    ...leaverFindings(leavers, initFile),
    ...(sessions
      ? [
          `session accounts of the broker may be in the files, of who had logged in before the backup: start the server with --init-file=${initFile}, which drops them before anybody can connect`,
        ]
      : []),
    ...trailFindings(paths, auditDatabase),
  ]
}

/** The files bring their accounts back, and no server runs that could drop them. */
function leaverFindings({ people, findings }: LeaversSince, initFile: string | null): string[] {
  if (people.length === 0) return [...findings]
  const who = people.join(', ')
  const again = people.map(person => `\`ecomdb offboard ${person} --confirm ${person}\``)
  const then = `run ${again.join(', ')} for ecomdb's own records`
  const files = initFile
    ? `, and the files bring the accounts back: start the server with --init-file=${initFile}, which drops them before anybody can connect, and then`
    : ': once the server runs,'
  return [`${who} left since${files} ${then}`, ...findings]
}

/** No server runs on the files yet, so the restore cannot own up to itself in the trail. */
function trailFindings(paths: readonly string[], auditDatabase: string): string[] {
  if (!paths.some(path => path.startsWith(`${auditDatabase}/trail.`))) return []
  return [
    'the files bring an audit trail back that is older than its anchors: once the server runs, say why where the audit key is, `ecomdb audit seal --epoch-break REASON`, and repeat what was erased since, `ecomdb audit erase --replay --confirm replay`',
  ]
}

interface Place {
  folder: string
  leftover: Leftover
  /** Accounts that must not come back. */
  leavers: readonly AccountName[]
  sequel: FilesSequel | undefined
}

interface Filled extends Pick<Unwanted, 'sessions'> {
  checks: Check[]
  owner: number
  paths: string[]
  initFile: string | null
}

/** A file of ours beside the server's; none where nobody has to go. */
async function writeInitFile(
  engine: Engine,
  folder: string,
  { leavers, sessions }: { leavers: readonly AccountName[]; sessions: boolean },
): Promise<string | null> {
  if (leavers.length === 0 && !sessions) return null
  const path = join(folder, LEAVERS_FILE)
  const text = [
    leavers.length > 0 ? engine.leavers.dropFile(leavers) : '',
    sessions ? engine.sessionAccounts.dropFile() : '',
  ]
  await writeFile(path, text.join(''), { flag: 'wx' })
  return path
}

/**
 * All of it or nothing: what a failure of the files or a signal leaves is removed; of the target's, of a resumed restore and
 * of SIGKILL it stays with the mark, by which the next restore knows that it is not whole, and may be gone on with.
 */
async function fill(
  engine: Engine,
  access: SnapshotAccess,
  layers: readonly PhysicalLayer[],
  { folder, leftover, leavers, sequel }: Place,
  progress: Progress,
): Promise<Filled> {
  const made = await makeDataFolder(folder)
  const empty = async (): Promise<void> => {
    await emptyFolder(folder)
    // Whoever has claimed it meanwhile keeps it.
    if (made) await rmdir(folder).catch(() => {})
  }
  const settled = Promise.withResolvers<void>()
  const hold: { letGo?: () => Promise<void>; isEmptied?: true } = {}
  // What another restore had left is not this one's to remove.
  const stays = leftover === 'keep'
  const forget = stays
    ? adviseOnInterrupt(staysText(folder))
    : onInterrupt(async () => {
        hold.isEmptied = true
        await untilSettled(settled.promise, folder)
        await empty()
      })
  try {
    hold.letGo = await claimFolder(folder, leftover, () =>
      stays ? takeFilesFromServer(engine, folder) : removeServerOn(engine, folder),
    )
    const checks = await restoreDataFolder(engine, access, layers, folder, progress, stays)
    refuseDamage(checks)
    const last = layers.at(-1)
    if (sequel && last) {
      checks.push(...(await sequel.run(engine, last, folder, stays)))
      refuseDamage(checks, sequel.hints)
    }
    // What a sequel has made, or removed, is not in the snapshot's list.
    const entries = await readDataFolder(folder)
    const paths = entries.map(one => relative(folder, join(one.parentPath, one.name)))
    const sessions = !sequel?.dropsSessions && (await engine.sessionAccounts.mayBeIn(folder))
    const initFile = await writeInitFile(engine, folder, { leavers, sessions })
    throwIfInterrupted()
    const owner = await giveToOwner(folder, engine.physicalBackups.modes)
    progress.stage('flushing files to the disk')
    await flushFiles(folder)
    throwIfInterrupted()
    await unclaimFolder(folder)
    await flushFolder(folder)
    return { checks, owner, paths, initFile, sessions }
  } catch (error) {
    const translated = translateStorageError(error, `cannot restore into ${folder}`)
    const isKept = stays || !isOfFiles(translated)
    if (isKept && (await isClaimed(folder))) throw filesStay(translated, folder)
    if (!isKept) await empty()
    throw translated
  } finally {
    forget()
    settled.resolve()
    if (!hold.isEmptied) await hold.letGo?.()
  }
}

/** Of a target or a share that went away, of credentials that ran out: of the files much may be there by now. */
const OF_TARGET: readonly ErrorCode[] = [
  ...(['TARGET_UNAVAILABLE', 'TARGET_SILENT'] as const),
  ...(['AUTHENTICATION_REFUSED', 'STORAGE_FAILED'] as const),
]

const isOfFiles = (error: unknown): boolean =>
  !(error instanceof EcomdbError) || !OF_TARGET.includes(error.code) || isDiskFull(error)

const staysText = (folder: string): string =>
  `${folder} keeps what was restored until then: start no server on it; --resume continues, --start-over removes it`

function filesStay(error: unknown, folder: string): unknown {
  if (!(error instanceof EcomdbError)) return error
  const { code, what, why, hints } = error
  const given = { what, ...(why ? { why } : {}), cause: error }
  return new EcomdbError(code, { ...given, hints: [...hints, staysText(folder)] })
}

/** While the work goes on it would fill again what is emptied: then the files keep their mark. */
async function untilSettled(settled: Promise<void>, folder: string): Promise<void> {
  const late = new AbortController()
  const ended = await Promise.race([
    settled.then(() => true),
    sleep(SETTLE_MS, false, { signal: late.signal }).catch(() => false),
  ])
  late.abort()
  if (ended) return
  throw new EcomdbError('INTERRUPTED', {
    what: `${folder} holds the files of a restore that was cut off`,
    why: 'the work did not stop in time',
    hints: LEFT_HINTS,
  })
}

/** @returns whether it was made now */
async function makeDataFolder(folder: string): Promise<boolean> {
  try {
    return await makeFolder(folder)
  } catch (error) {
    throw translateStorageError(error, `cannot make ${folder}`)
  }
}

/** Modes as the engine makes them; the owner of the folder, where we may give files away. */
async function giveToOwner(
  given: string,
  modes: { file: number; folder: number },
): Promise<number> {
  // Of a link to a directory the server enters the directory.
  const folder = await realpath(given)
  const { uid, gid } = await ownerOf(folder)
  const root = process.getuid?.() === 0
  const entries = await readDataFolder(folder)
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    await chmod(path, entry.isDirectory() ? modes.folder : modes.file)
    if (root) await lchown(path, uid, gid)
  }
  await chmod(folder, modes.folder)
  if (root) await lchown(folder, uid, gid)
  return root ? uid : (process.getuid?.() ?? 0)
}

/** A directory that we made as root belongs to whoever owns the one that it is in. */
async function ownerOf(folder: string): Promise<{ uid: number; gid: number }> {
  const own = await stat(folder)
  return own.uid === 0 ? await stat(dirname(folder)) : own
}

function refuseDamage(checks: readonly Check[], hints: readonly string[] = []): void {
  const failed = checks.filter(check => check.differences.length > 0)
  const differences = failed.flatMap(check => check.differences)
  if (differences.length === 0) return
  throw new EcomdbError('CONTENT_MISMATCH', {
    what: `the restored files are not right: ${failed.map(({ name }) => name).join(', ')}`,
    why: differences.join('; '),
    hints: ['restore another snapshot: `ecomdb backup list`; and drill it first', ...hints],
  })
}

function notPhysical(snapshotId: string): EcomdbError {
  return new EcomdbError('UNSUPPORTED', {
    what: `${snapshotId} is a logical snapshot, and has no data files`,
    hints: ['leave --data-dir out: its rows are restored into a running server'],
  })
}

function reportOf(
  layers: readonly PhysicalLayer[],
  dataFolder: string,
  leavers: LeaversSince,
  auditDatabase: string,
): PhysicalRestoreReport {
  const last = layers.at(-1)?.manifest
  if (!last) throw new Error('a chain without a snapshot')
  const files = last.files.filter(({ path }) => !path.endsWith('/'))
  const initFile = leavers.accounts.length > 0 ? join(dataFolder, LEAVERS_FILE) : null
  return {
    snapshotId: last.snapshotId,
    consistentAt: last.consistentAt,
    engine: last.engine,
    serverVersion: last.serverVersion,
    position: last.position,
    dataFolder,
    chain: layers.map(({ envelope }) => envelope.snapshotId),
    files: files.length,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    leavers: leavers.people,
    initFile,
    findings: [
      ...logsElsewhere(last.engine, last.settings),
      ...findingsOf(
        { leavers, sessions: false },
        initFile,
        files.map(({ path }) => path),
        auditDatabase,
      ),
    ],
    outcome: null,
  }
}
