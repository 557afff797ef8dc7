import { existsSync } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { EcomdbError, type ErrorCode } from '#core/errors'
import { onInterrupt, throwIfInterrupted } from '#core/interruption'
import { countOf } from '#core/units'
import { type Check, checkOf } from '#domain/backup/check'
import { isSameSeries, OLDER_PATCH, startsOnFilesOf } from '#domain/backup/other-version'
import type { Engine } from '#engine/engine'
import type { ConnectOptions } from '#engine/session'
import { moveFiles } from './data-folder-mark.ts'
import { withRoom } from './room-for-server.ts'

/** In the data directory, while a private server runs on its files. */
const SERVER = '.ecomdb-server'

/** What the files were copied from. */
export interface FilesOf {
  serverVersion: string
  settings: Readonly<Record<string, string>>
}

export interface UsedFiles<Result> {
  result: Result
  /** What could not be made as it was on the source, in words. */
  notes: readonly string[]
}

/**
 * Starts a private server on the files of a data directory, as an administrator of ours that is
 * gone again afterwards, and stops it in good order, which alone makes the files good: commits are
 * not synchronised. No binary log, no events. When it fails the server is gone, and the files are in `folder` again.
 *
 * @param how `options`: more of the server's; `stays`: where a signal comes, the files are kept
 * @throws EcomdbError UNSUPPORTED for a server of another series than the files are of: it would
 *   make them its own; CONTENT_MISMATCH of PhysicalBackups.dismiss; TOOL_FAILED, STORAGE_FAILED and
 *   what `use` throws
 */
export async function withServerOnFiles<Result>(
  engine: Engine,
  folder: string,
  files: FilesOf,
  use: (connect: ConnectOptions, version: string) => Promise<Result>,
  { options = [], stays }: { options?: readonly string[]; stays: boolean },
): Promise<UsedFiles<Result>> {
  let ended: Promise<void> = Promise.resolve()
  /** One behind the other: a signal, and what fails by it, would move the same files at once. */
  const end = (how: typeof removeServerOn): Promise<void> => {
    ended = ended.catch(() => {}).then(() => how(engine, folder))
    return ended
  }
  const forget = onInterrupt(() => end(stays ? takeFilesFromServer : removeServerOn))
  try {
    const place = await engine.scratchServers.claim(join(folder, SERVER))
    throwIfInterrupted()
    const data = join(place, 'data')
    await mkdir(data, { mode: engine.physicalBackups.modes.folder })
    await moveFiles(folder, data, [SERVER])
    throwIfInterrupted()
    const { scratchServers, physicalBackups } = engine
    const result = await withRoom(scratchServers, place, () =>
      onServer(engine, place, files, use, options),
    )
    throwIfInterrupted()
    // It is not the server that the files are for.
    for (const name of physicalBackups.namesOfServer) await rm(join(data, name), { force: true })
    await moveFiles(data, folder)
    await rm(place, { recursive: true })
    return result
  } catch (error) {
    // What becomes of them, the restore decides.
    await end(takeFilesFromServer).catch(() => {})
    throw withServerGone(error, stays)
  } finally {
    forget()
  }
}

/**
 * Refuses what `withServerOnFiles` would, before there are any files.
 *
 * @throws EcomdbError UNSUPPORTED for a server of another series, or a path that is odd or too long for
 *   one; TOOL_MISSING
 */
export async function requireServerFor(
  { scratchServers, physicalBackups }: Engine,
  folder: string,
  { serverVersion }: Pick<FilesOf, 'serverVersion'>,
): Promise<void> {
  requirePlainPath(folder)
  await physicalBackups.requirePrograms(serverVersion)
  requireSameSeries(serverVersion, await scratchServers.check(join(folder, SERVER)))
}

/** Servers take these for the end of a path, or of a word. */
export function requirePlainPath(folder: string): void {
  const [odd] = /[:'"\\]/.exec(folder) ?? []
  if (odd === undefined) return
  throw new EcomdbError('UNSUPPORTED', {
    what: `no private server can be started in ${folder}`,
    why: `its path has ${odd} in it`,
    hints: ['restore into another directory, and move it afterwards', 'nothing was changed'],
  })
}

export const startedCheck = (version: string): Check =>
  checkOf('start', `a private ${version} started on the files, and stopped`, [])

/** @param behind what the server has done, in words */
export async function pagesAgain(
  engine: Engine,
  folder: string,
  { settings }: FilesOf,
  behind: string,
): Promise<Check> {
  const { files, problems } = await engine.physicalBackups.checkPages(folder, settings)
  const summary = `innochecksum read every page of ${countOf(files, 'file')} again after ${behind}`
  return checkOf('pages', summary, problems)
}

/** Ends the server that a restore has left running which was killed, and removes its folder. */
export async function removeServerOn(engine: Engine, folder: string): Promise<void> {
  const { inspect, remove } = engine.scratchServers
  // A folder that was not claimed yet has no server: it goes with the files.
  if (await inspect(join(folder, SERVER))) await remove(join(folder, SERVER))
}

/** As removeServerOn, but the files that it ran on come back into `folder`, whatever it has made of them. */
export async function takeFilesFromServer(engine: Engine, folder: string): Promise<void> {
  const place = join(folder, SERVER)
  try {
    if (await engine.scratchServers.inspect(place)) {
      await engine.scratchServers.stop(place)
      const data = join(place, 'data')
      if (existsSync(data)) await moveFiles(data, folder)
    }
  } finally {
    // One that does not stop is killed, and what could not be taken is to be read again.
    await removeServerOn(engine, folder)
  }
}

/** Their hints are about a server that stays, with what was done on it. */
const OF_SERVERS: ReadonlySet<ErrorCode> = new Set([
  ...(['SERVER_LOST', 'SERVER_UNREACHABLE', 'SCHEMA_MISSING'] as const),
  ...(['PRIVILEGE_MISSING', 'AUTHENTICATION_REFUSED'] as const),
])

/** The same error, without hints to read what is gone by then: the server, its log and the files. */
export function withServerGone(error: unknown, stays: boolean): unknown {
  if (!(error instanceof EcomdbError)) return error
  const { code, what, why } = error
  const isServers = OF_SERVERS.has(code)
  const hints = isServers ? [] : error.hints.filter(hint => !hint.includes(SERVER))
  const refused = code === 'SERVER_REFUSED'
  if (!isServers && !refused && hints.length === error.hints.length) return error
  // These the restore keeps the files for, as where they may be of its target.
  const isKept = stays || code === 'AUTHENTICATION_REFUSED'
  const left = isKept ? '' : ', and nothing of the restore is left in the directory'
  const gone = `the private server is gone${left}`
  hints.push(refused ? gone : `${gone}: run the command again`)
  return new EcomdbError(code, { what, ...(why ? { why } : {}), hints, cause: error })
}

async function onServer<Result>(
  engine: Engine,
  folder: string,
  { serverVersion, settings }: FilesOf,
  use: (connect: ConnectOptions, version: string) => Promise<Result>,
  more: readonly string[],
): Promise<UsedFiles<Result>> {
  const { scratchServers, physicalBackups } = engine
  const options = { folder, tcp: false, purpose: 'sandbox', asItIs: true } as const
  const quiet = [
    '--skip-log-bin',
    '--event-scheduler=OFF',
    '--innodb-flush-log-at-trx-commit=0',
    // The most there is, as in a drill: rows are read, and a log is replayed, whose server may have had as much.
    '--max-allowed-packet=1G',
    ...more,
  ]
  const closed = await scratchServers.start({
    ...options,
    serverOptions: [...physicalBackups.serverOptions(settings), ...quiet],
  })
  throwIfInterrupted()
  requireSameSeries(serverVersion, closed.version)
  const admitted = await physicalBackups.admit(closed)
  await scratchServers.stop(folder)
  throwIfInterrupted()
  // Without grants MariaDB makes no events, and neither engine has its loadable functions.
  const server = await scratchServers.start({
    ...options,
    serverOptions: [...physicalBackups.grantedOptions(settings), ...quiet],
    administrator: admitted,
  })
  throwIfInterrupted()
  const before = await physicalBackups.remember(server.administrator)
  const result = await use(server.administrator, server.version)
  const notes = await physicalBackups.dismiss(server.administrator, before)
  await scratchServers.stop(folder)
  await requireGoodEnd(folder)
  return { result, notes }
}

/** A server that was killed, also by us for taking too long, has left in memory what it had not written. */
async function requireGoodEnd(folder: string): Promise<void> {
  const log = await readFile(join(folder, 'server.log'), 'utf8')
  // MySQL says one thing more.
  const last = log.trimEnd().split('\n').slice(-2)
  if (last.some(line => line.includes('Shutdown complete'))) return
  throw new EcomdbError('TOOL_FAILED', {
    what: 'the private server on the files did not end in good order',
    why: `the last that it said: ${last.at(-1) || 'nothing'}`,
    hints: ['run the restore again, where there is more memory and a faster disk'],
  })
}

/** Before any server has looked at the files, for it would call them bad. */
function requireLaterPatch(of: string, running: string): void {
  if (startsOnFilesOf(running, of)) return
  throw new EcomdbError('UNSUPPORTED', {
    what: `the files are of ${of}, and the server that is installed here is ${running}`,
    why: OLDER_PATCH,
    hints: ['restore where MySQL 8.0.35 or newer is installed'],
  })
}

/** Patch releases read each other's files, but for MySQL's older ones. */
function requireSameSeries(of: string, running: string): void {
  if (isSameSeries(of, running)) {
    requireLaterPatch(of, running)
    return
  }
  throw new EcomdbError('UNSUPPORTED', {
    what: `the files are of ${of}, and the server that is installed here is ${running}`,
    why: 'a server makes older files its own, and the older server could not be started on them again',
    hints: [
      'restore where a server of the same series is installed',
      'or leave --data-dir out: a logical snapshot is replayed into any server',
    ],
  })
}
