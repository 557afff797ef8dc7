import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import type { ProgramCommand } from '#process/program'
import { programName } from '#process/program'

export interface Measured {
  seconds: number
  /** The peaks of the process and of all its children, added up; null when not watched. */
  peakBytes: number | null
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
    return { seconds, peakBytes: options.watchMemory ? peakBytes : null, stdout: printed.stdout }
  } finally {
    clearInterval(watch)
  }
}

/** Peak resident memory of a process and its children, in bytes; 0 when it is gone. */
function treeBytes(pid: number): number {
  return peakBytesOf(pid) + childrenOf(pid).reduce((sum, child) => sum + treeBytes(child), 0)
}

function peakBytesOf(pid: number): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`)) ?? []
  return Number(kilobytes ?? 0) * 1024
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
