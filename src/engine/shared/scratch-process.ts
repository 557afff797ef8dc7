import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EcomdbError, messageOf } from '#core/errors'
import type { ProgramCommand } from '#process/program'
import type { RunningServer, ScratchServerOptions, ScratchServers } from '../scratch-server.ts'
import { openSession } from './mysql2-session.ts'

/** What differs between the engines in making and starting a private server. */
export interface ScratchDialect {
  /** Makes the system tables in an empty data directory. */
  initialize(dataFolder: string, workFolder: string): Promise<void>
  server(): ProgramCommand
  /** Options besides data directory, socket, port and log. */
  options(purpose: ScratchServerOptions['purpose']): readonly string[]
}

/** What server.json holds; written before the server starts. */
interface ServerRecord {
  pid: number
  socketPath: string
  port: number | null
}

const START_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 60_000

export function scratchServers(dialect: ScratchDialect): ScratchServers {
  return {
    async start(options) {
      const running = await statusOf(options.folder)
      if (running) return running
      await mkdir(options.folder, { recursive: true, mode: 0o700 })
      await initializeOnce(dialect, options.folder)
      const record = await spawnServer(dialect, options)
      return await untilReady(options.folder, record)
    },
    status: statusOf,
    stop: stopServer,
  }
}

/** A data directory appears under its name only when it is complete. */
async function initializeOnce(dialect: ScratchDialect, folder: string): Promise<void> {
  const data = join(folder, 'data')
  if (existsSync(data)) return
  const partial = join(folder, 'data.partial')
  await rm(partial, { recursive: true, force: true })
  await mkdir(partial, { mode: 0o700 })
  await dialect.initialize(partial, folder)
  await rename(partial, data)
}

async function spawnServer(
  dialect: ScratchDialect,
  options: ScratchServerOptions,
): Promise<ServerRecord> {
  const { folder } = options
  const socketPath = await socketFor(folder)
  const port = options.tcp ? await freePort() : null
  await rm(join(folder, 'tmp'), { recursive: true, force: true })
  await mkdir(join(folder, 'tmp'), { mode: 0o700 })
  const command = dialect.server()
  const log = await open(join(folder, 'server.log'), 'a', 0o600)
  const child = spawn(
    command.file,
    [
      ...command.args,
      '--no-defaults',
      `--datadir=${join(folder, 'data')}`,
      `--socket=${socketPath}`,
      `--pid-file=${join(folder, 'server.pid')}`,
      `--tmpdir=${join(folder, 'tmp')}`,
      ...(port ? ['--bind-address=127.0.0.1', `--port=${port}`] : ['--skip-networking']),
      ...(process.getuid?.() === 0 ? ['--user=root'] : []),
      ...dialect.options(options.purpose),
      ...(options.serverOptions ?? []),
    ],
    {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: { ...process.env, ...command.env },
      cwd: folder,
    },
  )
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
  child.unref()
  await log.close()
  const record = { pid: child.pid ?? 0, socketPath, port }
  await writeFile(join(folder, 'server.json'), JSON.stringify(record), { mode: 0o600 })
  return record
}

async function untilReady(folder: string, record: ServerRecord): Promise<RunningServer> {
  const deadline = performance.now() + START_TIMEOUT_MS
  let last: unknown
  while (performance.now() < deadline && (await isServer(record.pid, folder))) {
    try {
      return await describeRunning(folder, record)
    } catch (error) {
      last = error
      await sleep(50)
    }
  }
  throw new EcomdbError('TOOL_FAILED', {
    what: `the private server in ${folder} did not start`,
    why: (await endOfLog(folder)) || messageOf(last),
    hints: [`read ${join(folder, 'server.log')}`],
  })
}

async function describeRunning(folder: string, record: ServerRecord): Promise<RunningServer> {
  const administrator = { socketPath: record.socketPath, user: 'root' }
  const session = await openSession(administrator)
  await session.close()
  return { folder, ...record, version: session.flavor.text, administrator }
}

async function statusOf(folder: string): Promise<RunningServer | null> {
  const record = await readRecord(folder)
  if (!record || !(await isServer(record.pid, folder))) return null
  try {
    return await describeRunning(folder, record)
  } catch {
    // It may be starting still, or be on its way down.
    return await untilReady(folder, record).catch(() => null)
  }
}

async function stopServer(folder: string): Promise<boolean> {
  const record = await readRecord(folder)
  if (!record || !(await isServer(record.pid, folder))) return false
  process.kill(record.pid, 'SIGTERM')
  const deadline = performance.now() + STOP_TIMEOUT_MS
  while (await isServer(record.pid, folder)) {
    if (performance.now() > deadline) process.kill(record.pid, 'SIGKILL')
    await sleep(30)
  }
  await rm(join(folder, 'server.json'), { force: true })
  await rm(record.socketPath, { force: true })
  return true
}

async function readRecord(folder: string): Promise<ServerRecord | null> {
  const text = await readFile(join(folder, 'server.json'), 'utf8').catch(() => null)
  return text === null ? null : (JSON.parse(text) as ServerRecord)
}

/** Is this process this folder's server, and not another program that got its number? */
async function isServer(pid: number, folder: string): Promise<boolean> {
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return line.includes(`--datadir=${join(folder, 'data')}\0`)
}

/** A unix socket's path may hold 107 bytes (unix(7)), so it does not live in the folder. */
async function socketFor(folder: string): Promise<string> {
  const parent = join('/tmp', `ecomdb-${process.getuid?.() ?? 0}`)
  await mkdir(parent, { recursive: true, mode: 0o700 })
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 16)
  return join(parent, `${name}.sock`)
}

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

async function endOfLog(folder: string): Promise<string> {
  const text = await readFile(join(folder, 'server.log'), 'utf8').catch(() => '')
  return text.trim().split('\n').slice(-5).join('\n       ')
}
