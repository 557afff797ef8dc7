import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { open, readdir, readFile, rename } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cannotStart, type ProgramCommand } from '#process/program'
import { Patience } from './patience.ts'

/** A private server's process, as its own command line describes it. */
export interface ServerProcess {
  pid: number
  socketPath: string
  port: number | null
  /** How it ended, by whoever has started it, e.g. `killed by SIGKILL`; null while it runs. */
  ending?: () => string | null
}

const SOCKET = '--socket='
const PORT = '--port='

function dataOption(folder: string): string {
  return `--datadir=${join(folder, 'data')}`
}

/** Arguments by which this folder's server is found again. */
export function placeArguments(
  folder: string,
  place: { socketPath: string; port: number | null },
): string[] {
  return [
    dataOption(folder),
    `${SOCKET}${place.socketPath}`,
    `--pid-file=${join(folder, 'server.pid')}`,
    `--tmpdir=${join(folder, 'tmp')}`,
    ...(place.port ? ['--bind-address=127.0.0.1', `${PORT}${place.port}`] : ['--skip-networking']),
  ]
}

/**
 * Is this process this folder's server, and not another program that got its number? Its
 * own command line tells: no file has to be believed. Null when it is not, or is gone.
 */
export function readServerProcess(pid: number | null, folder: string): ServerProcess | null {
  if (!pid) return null
  const words = commandLine(pid).split('\0')
  if (!words.includes(dataOption(folder))) return null
  const option = (name: string): string | undefined =>
    words.find(word => word.startsWith(name))?.slice(name.length)
  const port = option(PORT)
  return { pid, socketPath: option(SOCKET) ?? '', port: port ? Number(port) : null }
}

/**
 * The server of this folder, or null. The two known numbers first, then every process: a
 * starter that was killed at the wrong moment has left no number behind.
 */
export async function findServerProcess(
  folder: string,
  recordedPid: number | null,
): Promise<ServerProcess | null> {
  const pidFile = await readFile(join(folder, 'server.pid'), 'utf8').catch(() => '')
  const known =
    readServerProcess(recordedPid, folder) ??
    readServerProcess(Number.parseInt(pidFile, 10) || null, folder)
  if (known) return known
  const entries = await readdir('/proc').catch(() => [])
  for (const entry of entries) {
    const found = /^\d+$/.test(entry) ? readServerProcess(Number(entry), folder) : null
    if (found) return found
  }
  return null
}

/**
 * Starts a server that outlives ecomdb: a session of its own, no inherited file but its
 * log, and nothing of the caller's environment, which may hold passwords.
 *
 * @throws EcomdbError TOOL_MISSING
 */
export async function spawnDetached(
  command: ProgramCommand,
  args: readonly string[],
  folder: string,
): Promise<Required<Pick<ServerProcess, 'pid' | 'ending'>>> {
  const path = join(folder, 'server.log')
  // The log of the run before stays readable; older ones go.
  await rename(path, `${path}.old`).catch(() => {})
  const log = await open(path, 'a', 0o600)
  try {
    const child = spawn(command.file, [...command.args, ...args], {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: serverEnvironment(folder, command),
      cwd: folder,
    })
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', error => reject(cannotStart(command, error)))
    })
    child.unref()
    return { pid: child.pid ?? 0, ending: () => endingOf(child) }
  } finally {
    await log.close()
  }
}

/**
 * Does a server that was just started still run? Linux closes a child's inherited files, which is how
 * `spawn` knows that it has begun, before it writes the child's command line (fs/exec.c: begin_new_exec,
 * then create_elf_tables); and where the program is a script that ends in `exec`, the line is gone for as
 * long once more. On a busy machine a whole time slice lies between, and a server that begins looked like none.
 */
export async function stillRuns(
  { pid, ending }: Pick<ServerProcess, 'pid' | 'ending'>,
  folder: string,
): Promise<boolean> {
  const deadline = performance.now() + COMMAND_LINE_MS
  while (performance.now() < deadline) {
    const line = commandLine(pid)
    if (line) return line.split('\0').includes(dataOption(folder))
    if (ending?.() || !existsSync(`/proc/${pid}`)) return false
    await sleep(1)
  }
  return false
}

/** A time slice or some; where nothing can be read in /proc, what looks for the server says so. */
const COMMAND_LINE_MS = 10_000

export const KILLED = 'killed by SIGKILL'
/** A server that runs ends so on SIGTERM; one that begins may know no signals yet. */
export const STOPPED = [
  'exit status 0',
  'killed by SIGTERM',
  'killed by SIGINT',
  'killed by SIGHUP',
]

function endingOf({ exitCode, signalCode }: ChildProcess): string | null {
  if (signalCode) return `killed by ${signalCode}`
  return exitCode === null ? null : `exit status ${exitCode}`
}

function commandLine(pid: number | undefined): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

function serverEnvironment(folder: string, command: ProgramCommand): NodeJS.ProcessEnv {
  const { PATH, TZ } = process.env
  return {
    PATH: PATH ?? '/usr/bin:/bin',
    ...(TZ === undefined ? {} : { TZ }),
    HOME: folder,
    LANG: 'C.UTF-8',
    ...command.env,
  }
}

/** Waits until the process is gone; false when it is still there, and has done nothing for `quietMs`. */
export async function untilGone(pid: number, folder: string, quietMs: number): Promise<boolean> {
  const patience = new Patience(pid, quietMs)
  while (readServerProcess(pid, folder)) {
    if (patience.isOver()) return false
    await sleep(20)
  }
  return true
}

/** Signals this folder's server; a server that is gone already is no error. */
export function signalServer(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended between our look and our signal: what was wanted.
  }
}

/** A port of 127.0.0.1 that is free now: the preferred one, or any. */
export async function freePort(preferred: number | null): Promise<number> {
  return (preferred && (await tryPort(preferred))) || (await tryPort(0)) || 0
}

function tryPort(port: number): Promise<number | null> {
  return new Promise(resolve => {
    const probe = createServer()
    probe.once('error', () => resolve(null))
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : null))
    })
  })
}

/** MySQL says up to seven more behind one of these. */
const OF_THE_SYSTEM = /operating system error number|errcode: \d|os errno \d/i

/**
 * What the server's log says went wrong in its last run: its errors, else its last lines. Of many errors the last
 * ones, and the first that has the system's own reason.
 */
export async function complaints(folder: string): Promise<string> {
  const text = await readFile(join(folder, 'server.log'), 'utf8').catch(() => '')
  const lines = text.trim().split('\n')
  const errors = lines.filter(line => line.includes('[ERROR]'))
  const reason = errors.slice(0, -5).find(line => OF_THE_SYSTEM.test(line))
  const told = (errors.length ? errors : lines).slice(-5)
  return [...(reason ? [reason] : []), ...told].join('\n        ')
}
