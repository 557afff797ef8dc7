import { existsSync } from 'node:fs'
import { mkdir, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EcomdbError, messageOf } from '#core/errors'
import { noRoom, translateStorageError } from '#core/storage-error'
import { MIB } from '#core/units'
import { isOlder } from '#domain/backup/other-version'
import { withExclusiveLock } from '#process/exclusive-lock'
import type {
  RunningServer,
  ScratchFolder,
  ScratchServerOptions,
  ScratchServers,
} from '../scratch-server.ts'
import { meansFullDisk } from '../server-error.ts'
import { loadTimeZones } from './load-time-zones.ts'
import { openSession } from './mysql2-session.ts'
import { Patience } from './patience.ts'
import { lastingOptions, prepareData, versionOf } from './scratch-data.ts'
import type { ScratchDialect } from './scratch-dialect.ts'
import {
  claimFolder,
  existingFolder,
  makeServerFolder,
  readRecord,
  refuseLongPath,
  type ServerRecord,
  socketFor,
  writeRecord,
} from './scratch-folder.ts'
import {
  complaints,
  findServerProcess,
  freePort,
  KILLED,
  placeArguments,
  readServerProcess,
  type ServerProcess,
  STOPPED,
  signalServer,
  spawnDetached,
  stillRuns,
  untilGone,
} from './server-process.ts'

/** Without work; see Patience. A start on good data takes half a second. */
const START_QUIET_MS = 180_000
const STOP_QUIET_MS = 60_000
const POLL_MS = 25
/** Between our look for a free port and the server's use of it another program may take it. */
const PORT_ATTEMPTS = 3

export function scratchServers(dialect: ScratchDialect): ScratchServers {
  return {
    async start(options) {
      return await translated(`cannot make a private server in ${options.folder}`, async () => {
        const folder = await makeServerFolder(options.folder)
        return await locked(folder, () => startLocked(dialect, { ...options, folder }))
      })
    },
    async claim(folder) {
      return await translated(`cannot use ${folder} for a private server`, async () => {
        const path = await makeServerFolder(folder)
        await claimFolder(path, dialect.family)
        return path
      })
    },
    async check(folder) {
      await refuseLongPath(folder)
      return await versionOf(dialect)
    },
    async status(folder) {
      const found = await findFolder(folder)
      if (!found?.process) return null
      return await untilReady(found.path, found.process)
    },
    async inspect(folder) {
      const found = await findFolder(folder)
      return found ? describeFolder(found) : null
    },
    async stop(folder) {
      const path = await existingFolder(folder)
      if (!path) return false
      return await translated(`cannot stop the private server in ${path}`, () =>
        locked(path, () => stopLocked(path)),
      )
    },
    async remove(folder) {
      const path = await existingFolder(folder)
      if (!path) return false
      return await translated(`cannot remove the private server in ${path}`, () =>
        locked(path, () => removeLocked(path)),
      )
    },
    async wasKilled(folder) {
      const path = await existingFolder(folder)
      return path !== null && (await wasKilled(path))
    },
    async wasStopped(folder) {
      const path = await existingFolder(folder)
      return path !== null && (await wasStopped(path))
    },
    loadTimeZones: socketPath => loadTimeZones(dialect, socketPath),
    client: server => dialect.client(server.socketPath),
  }
}

function locked<Result>(folder: string, work: () => Promise<Result>): Promise<Result> {
  return withExclusiveLock({ name: folder, waitMs: START_QUIET_MS }, work)
}

async function translated<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw translateStorageError(error, what)
  }
}

interface FoundFolder {
  path: string
  record: ServerRecord
  process: ServerProcess | null
}

async function findFolder(folder: string): Promise<FoundFolder | null> {
  const path = await existingFolder(folder)
  const record = path ? await readRecord(path) : null
  if (!path || !record) return null
  return { path, record, process: await findServerProcess(path, record.pid) }
}

function describeFolder({ path, record, process }: FoundFolder): ScratchFolder {
  return {
    folder: path,
    family: record.family,
    state: process ? 'running' : record.pid === null ? 'stopped' : 'crashed',
    pid: process?.pid ?? null,
    socketPath: process?.socketPath ?? null,
    port: process?.port ?? null,
  }
}

async function startLocked(
  dialect: ScratchDialect,
  options: ScratchServerOptions,
): Promise<RunningServer> {
  const { folder } = options
  // The folder may have been removed while we waited for its lock.
  await makeServerFolder(folder)
  await claimFolder(folder, dialect.family)
  const found = await findFolder(folder)
  if (found?.process) return await untilReady(folder, found.process, options)
  await prepareData(dialect, folder, options)
  for (let attempt = 1; ; attempt += 1) {
    const process = await launch(
      dialect,
      options,
      attempt === 1 ? (found?.record.port ?? null) : null,
    )
    try {
      const server = await untilReady(folder, process, options)
      if (!options.asItIs) await upgradeOlderData(dialect, server)
      return server
    } catch (error) {
      if (error instanceof EcomdbError && error.code === 'AUTHENTICATION_REFUSED') throw error
      await endNow(folder, process)
      if (attempt === PORT_ATTEMPTS || !/address already in use/i.test(messageOf(error)))
        throw error
    }
  }
}

async function launch(
  dialect: ScratchDialect,
  options: ScratchServerOptions,
  preferredPort: number | null,
): Promise<ServerProcess> {
  const { folder } = options
  const place = {
    socketPath: await socketFor(folder),
    port: options.tcp ? await freePort(preferredPort) : null,
  }
  await forgetSocket(place.socketPath)
  await rm(join(folder, 'tmp'), { recursive: true, force: true })
  await mkdir(join(folder, 'tmp'), { mode: 0o700 })
  const args = [
    '--no-defaults',
    ...placeArguments(folder, place),
    ...(process.getuid?.() === 0 ? ['--user=root'] : []),
    ...dialect.options(options.purpose),
    ...lastingOptions(options),
    ...(options.serverOptions ?? []),
  ]
  const { pid, ending } = await spawnDetached(dialect.server(), args, folder)
  launched.set(folder, { pid, ending, endedByUs: false })
  await writeRecord(folder, { format: 1, family: dialect.family, pid, port: place.port })
  return { pid, ending, ...place }
}

interface Launched extends Required<Pick<ServerProcess, 'pid' | 'ending'>> {
  endedByUs: boolean
}

/** The last server that this process has started in a folder. */
const launched = new Map<string, Launched>()

/** A connection is lost before the system says how the server ended. */
const ENDING_MS = 2000

async function wasKilled(folder: string): Promise<boolean> {
  const server = launched.get(folder)
  if (!server || server.endedByUs) return false
  return (await endingOf(server, ENDING_MS)) === KILLED
}

async function wasStopped(folder: string): Promise<boolean> {
  const server = launched.get(folder)
  if (!server || server.endedByUs) return false
  const ending = await endingOf(server, STOP_QUIET_MS)
  return ending !== null && STOPPED.includes(ending)
}

/** null: it still runs after that time. */
async function endingOf({ ending }: Launched, waitMs: number): Promise<string | null> {
  const deadline = performance.now() + waitMs
  while (ending() === null && performance.now() < deadline) await sleep(POLL_MS)
  return ending()
}

/**
 * MySQL names its process in a lock file beside the socket, and does not start while that
 * process is in the kernel's table: also when it was killed and nobody has waited for it yet,
 * or when another program has its number by now. Our own lock says that no server runs here.
 */
async function forgetSocket(socketPath: string): Promise<void> {
  await rm(`${socketPath}.lock`, { force: true })
  await rm(socketPath, { force: true })
}

async function untilReady(
  folder: string,
  server: ServerProcess,
  { administrator }: Pick<ScratchServerOptions, 'administrator'> = {},
): Promise<RunningServer> {
  const patience = new Patience(server.pid, START_QUIET_MS)
  let last: unknown
  while (!patience.isOver() && (await stillRuns(server, folder))) {
    // Looking for the file costs nothing beside a connection that is refused.
    if (!existsSync(server.socketPath)) {
      await sleep(POLL_MS)
      continue
    }
    try {
      return await describeRunning(folder, server, administrator)
    } catch (error) {
      if (error instanceof EcomdbError && error.code === 'AUTHENTICATION_REFUSED') {
        throw rootHasPassword(folder, error)
      }
      last = error
      await sleep(POLL_MS)
    }
  }
  throw await startFailed(folder, server, last)
}

async function describeRunning(
  folder: string,
  server: ServerProcess,
  account: ScratchServerOptions['administrator'],
): Promise<RunningServer> {
  const { user, password } = account ?? { user: 'root' }
  const administrator = { socketPath: server.socketPath, user, password }
  const session = await openSession(administrator)
  await session.close()
  const { pid, socketPath, port } = server
  return { folder, pid, socketPath, port, version: session.flavor.text, administrator }
}

async function startFailed(
  folder: string,
  server: ServerProcess,
  last: unknown,
): Promise<EcomdbError> {
  const said = await complaints(folder)
  const why = said || silence(folder, server, last)
  if (server.ending?.() === KILLED || NO_MEMORY.test(why)) {
    return new EcomdbError('TOOL_KILLED', {
      what: `the private server in ${folder} did not start`,
      why: said && server.ending?.() === KILLED ? `${KILLED}; the last that it said: ${why}` : why,
      hints: [MORE_MEMORY],
      cause: last,
    })
  }
  const full = meansFullDisk(why) || (await isNearlyFull(folder))
  return new EcomdbError(full ? 'STORAGE_FAILED' : 'TOOL_FAILED', {
    what: `the private server in ${folder} did not start`,
    why,
    hints: [
      ...(full ? ['the disk is full: free some space, then run the command again'] : []),
      `read ${join(folder, 'server.log')}`,
    ],
    cause: full ? noRoom(last) : last,
  })
}

/** Both engines, before they have looked at any file. */
const NO_MEMORY = /cannot allocate memory for the buffer pool/i

const MORE_MEMORY =
  'see whether `journalctl -k` tells of "Out of memory"; run it again where there is more memory'

/** Why it is not ready, when it has written nothing. */
function silence(folder: string, server: ServerProcess, last: unknown): string {
  const ending = server.ending?.()
  if (ending) return `it ended without a word: ${ending}`
  if (last !== undefined) return messageOf(last)
  return readServerProcess(server.pid, folder)
    ? `it made no socket, and did nothing for ${START_QUIET_MS / 1000} seconds`
    : 'it ended without a word'
}

/** A server may fail for want of space without saying so; with this little it has none. */
const NEARLY_FULL_BYTES = 16 * MIB

async function isNearlyFull(folder: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize < NEARLY_FULL_BYTES
}

function rootHasPassword(folder: string, cause: EcomdbError): EcomdbError {
  return new EcomdbError('AUTHENTICATION_REFUSED', {
    what: `the private server in ${folder} runs, but refuses root without a password`,
    why: 'root was given a password, or was changed otherwise',
    hints: [
      'use your own client with that password, or take the password away again',
      'run `ecomdb sandbox remove` to throw the server and its data away',
    ],
    cause,
  })
}

/** A server that starts on older data upgrades it, or needs its upgrade program. */
async function upgradeOlderData(dialect: ScratchDialect, server: RunningServer): Promise<void> {
  if (!dialect.upgrade) return
  const dataVersion = await dialect.dataVersion(join(server.folder, 'data'))
  if (dataVersion && isOlder(dataVersion, server.version)) {
    await dialect.upgrade(server.socketPath)
  }
}

async function endNow(folder: string, server: ServerProcess): Promise<void> {
  const ours = launched.get(folder)
  // One that has ended already was not ended by us.
  if (ours?.pid === server.pid && ours.ending() === null) ours.endedByUs = true
  if (readServerProcess(server.pid, folder)) signalServer(server.pid, 'SIGKILL')
  await untilGone(server.pid, folder, STOP_QUIET_MS)
}

async function stopLocked(folder: string): Promise<boolean> {
  const found = await findFolder(folder)
  if (!found) return false
  if (found.process) {
    signalServer(found.process.pid, 'SIGTERM')
    const gone = await untilGone(found.process.pid, folder, STOP_QUIET_MS)
    if (!gone) await endNow(folder, found.process)
    await forgetSocket(found.process.socketPath)
  }
  await writeRecord(folder, { ...found.record, pid: null })
  return found.process !== null
}

async function removeLocked(folder: string): Promise<boolean> {
  const found = await findFolder(folder)
  if (!found) {
    // Removed while we waited for the lock, or never ours.
    if ((await existingFolder(folder)) === null) return false
    throw new EcomdbError('UNSUPPORTED', {
      what: `${folder} is not deleted`,
      why: 'it is not the folder of a private server',
      hints: ['run `ecomdb sandbox status` to see the private servers'],
    })
  }
  if (found.process) {
    await endNow(folder, found.process)
    await forgetSocket(found.process.socketPath)
  }
  launched.delete(folder)
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  return true
}
