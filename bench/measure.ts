import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import type { ProgramCommand } from '#process/program'
import { programName } from '#process/program'

export interface Measured {
  seconds: number
  /** Of the process and all its children at the same time; null when it was not watched. */
  peakBytes: number | null
  /** Processor time of the program, of its children, and of the benchmark's servers meanwhile. */
  cpuSeconds: number
  stdout: string
}

export interface MeasureOptions {
  env?: Readonly<Record<string, string>>
  cwd?: string
  /** Look at the memory every so often; leave it out for programs that end at once. */
  watchMemory?: boolean
}

/** Seldom, for looking costs time as well: the kernel keeps each process's peak itself. */
const WATCH_EVERY_MS = 100

/**
 * Runs a program to its end.
 *
 * @throws Error with what it printed when it does not exit with 0
 */
export async function measure(
  command: ProgramCommand,
  args: readonly string[],
  options: MeasureOptions = {},
): Promise<Measured> {
  const startedMs = performance.now()
  const cpuBefore = cpuSeconds()
  const child = spawn(command.file, [...command.args, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...command.env, ...options.env },
    cwd: options.cwd,
  })
  const printed = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      printed[stream] += text
    })
  }
  let peakBytes = 0
  const watch = options.watchMemory
    ? setInterval(() => {
        peakBytes = Math.max(peakBytes, child.pid ? treeBytes(child.pid) : 0)
      }, WATCH_EVERY_MS)
    : undefined
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    const seconds = (performance.now() - startedMs) / 1000
    if (status !== 0) {
      const text = `${printed.stdout}\n${printed.stderr}`.slice(-3000)
      throw new Error(`${programName(command)} ${args.join(' ')}: exit ${status}\n${text}`)
    }
    return {
      seconds,
      peakBytes: options.watchMemory ? peakBytes : null,
      cpuSeconds: cpuSeconds() - cpuBefore,
      stdout: printed.stdout,
    }
  } finally {
    clearInterval(watch)
  }
}

/** The same of work in this process. */
export async function measureHere(work: () => Promise<void>): Promise<Measured> {
  const startedMs = performance.now()
  const [before, used] = [cpuSeconds(), process.cpuUsage()]
  await work()
  const { user, system } = process.cpuUsage(used)
  return {
    seconds: (performance.now() - startedMs) / 1000,
    peakBytes: null,
    cpuSeconds: cpuSeconds() - before + (user + system) / 1e6,
    stdout: '',
  }
}

/** Servers whose work counts for whoever asked for it. */
const servers = new Set<number>()

/** @returns forgets it */
export function countServer(pid: number): () => void {
  servers.add(pid)
  return () => void servers.delete(pid)
}

/** So long is a tick of /proc: USER_HZ, which is 100 on Linux. */
const TICK_SECONDS = 0.01

/**
 * What all children that have ended, and the servers, have used until now. Unlike time it
 * hardly depends on what else the machine does.
 */
function cpuSeconds(): number {
  const own = ticks('self', ENDED_CHILDREN)
  return [...servers].reduce((sum, pid) => sum + ticks(String(pid), OF_PROCESS), own) * TICK_SECONDS
}

/** Fields of /proc/PID/stat, user and system, counted behind the name (proc(5)). */
const OF_PROCESS = [11, 12]
const ENDED_CHILDREN = [13, 14]

function ticks(process: string, fields: readonly number[]): number {
  const text = read(`/proc/${process}/stat`)
  const values = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields.reduce((sum, field) => sum + Number(values[field] ?? 0), 0)
}

/**
 * Resident memory of a process and its children now, in bytes; 0 when it is gone. What several share is counted once (Pss,
 * proc_pid_smaps(5)): a child that is being forked has all of its parent's. No less than the peak of any of them,
 * which may have been between two looks.
 */
function treeBytes(pid: number): number {
  const tree = treeOf(pid).map(memoryOf)
  const now = tree.reduce((sum, { nowBytes }) => sum + nowBytes, 0)
  return Math.max(now, ...tree.map(({ mostBytes }) => mostBytes))
}

function treeOf(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(treeOf)]
}

interface Memory {
  nowBytes: number
  mostBytes: number
}

const memoryOf = (pid: number): Memory =>
  memoryIn(read(`/proc/${pid}/smaps_rollup`), read(`/proc/${pid}/status`))

/** @param rollup empty where the kernel has none, or the process is another account's: VmRSS counts what is shared, too */
export function memoryIn(rollup: string, status: string): Memory {
  const bytes = (text: string, name: string): number | null => {
    const [, kib] = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text) ?? []
    return kib === undefined ? null : Number(kib) * 1024
  }
  return {
    nowBytes: bytes(rollup, 'Pss') ?? bytes(status, 'VmRSS') ?? 0,
    mostBytes: bytes(status, 'VmHWM') ?? 0,
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap(thread =>
      read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
    )
  } catch {
    return []
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** A program with its arguments and environment as one command of a shell script. */
export function shellCommand(command: ProgramCommand, args: readonly string[]): string {
  const settings = Object.entries(command.env).map(([name, value]) => `${name}=${quote(value)}`)
  return [...settings, ...[command.file, ...command.args, ...args].map(quote)].join(' ')
}

/** `a | b | c`, in which a failure of any is a failure of all. */
export function pipeline(script: string): [ProgramCommand, string[]] {
  return [{ file: 'bash', args: [], env: {} }, ['-c', `set -o pipefail; ${script}`]]
}

export function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}
