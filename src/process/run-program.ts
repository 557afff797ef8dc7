import { spawn } from 'node:child_process'
import { EcomdbError } from '#core/errors'
import { onInterrupt } from '#core/interruption'
import { MIB } from '#core/units'
import { spawnDyingWithUs } from './die-with-us.ts'
import { watchFullDisk } from './full-disk.ts'
import { cannotStart, type ProgramCommand, programName } from './program.ts'

export interface ProgramOptions {
  /** Written to the program's standard input, which is then closed. */
  input?: string | Uint8Array
  /** Added to the environment, besides the command's own. */
  env?: Readonly<Record<string, string>>
  cwd?: string
  /** Milliseconds after which the program is killed; none by default. */
  timeoutMs?: number
  /** Exit statuses that are not a failure. Default: 0 only. */
  accept?: readonly number[]
  /** It works on files of ours: a SIGKILL of ecomdb ends it, too. The program must be there. */
  diesWithUs?: boolean
  /** A folder that it writes into: it is ended when the disk there is full and stays so. */
  writesInto?: string
}

export interface ProgramResult {
  status: number
  stdout: Buffer
  /** Its last mebibyte. */
  stderr: string
}

/** Longest part of a program's complaints that an error quotes, in characters. */
const QUOTED_STDERR = 2000
/** What is kept of its complaints: a program may have one for each page of a terabyte. */
const KEPT_STDERR_BYTES = MIB

/**
 * Runs a program by an argv array (never a shell) and collects what it prints; for output
 * of up to some megabytes.
 *
 * @throws EcomdbError TOOL_MISSING when it cannot be started; TOOL_FAILED when it exits
 *   with a status that is not accepted, or by a signal; TOOL_KILLED for SIGKILL; STORAGE_FAILED for a disk that stays full.
 */
export async function runProgram(
  command: ProgramCommand,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  const { file, args: first, env } = command
  const { cwd, timeoutMs: timeout } = options
  const ours = { cwd, timeout, killSignal: 'SIGKILL' } as const
  const child = options.diesWithUs
    ? spawnDyingWithUs(command, args, { ...ours, stdin: 'pipe', env: options.env })
    : spawn(file, [...first, ...args], {
        ...ours,
        stdio: ['pipe', 'pipe', 'pipe'],
        env: { ...process.env, ...env, ...options.env },
      })
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', chunk => out.push(chunk))
  child.stderr.on('data', chunk => keepEnd(err, chunk))
  // A program that exits without reading its input breaks the pipe; its status tells why.
  child.stdin.on('error', () => {})
  child.stdin.end(options.input)
  // SIGTERM comes to ecomdb alone; its programs must not outlive it.
  const release = onInterrupt(() => void child.kill('SIGKILL'))
  const disk = options.writesInto
    ? watchFullDisk(options.writesInto, () => void child.kill('SIGKILL'))
    : null
  const { status, signal } = await ended(child, command).finally(() => {
    release()
    disk?.close()
  })
  if (disk?.error) throw disk.error
  const stderr = Buffer.concat(err).toString('utf8')
  if (status === null || !(options.accept ?? [0]).includes(status)) {
    throw new EcomdbError(signal === 'SIGKILL' ? 'TOOL_KILLED' : 'TOOL_FAILED', {
      what: `${programName(command)} failed`,
      why: `${signal ? `killed by ${signal}` : `exit status ${status}`}: ${stderr.trim().slice(-QUOTED_STDERR)}`,
    })
  }
  return { status, stdout: Buffer.concat(out), stderr }
}

/** Drops the oldest pieces. */
function keepEnd(pieces: Buffer[], next: Buffer): void {
  pieces.push(next)
  let bytes = pieces.reduce((sum, piece) => sum + piece.length, 0)
  while (bytes > KEPT_STDERR_BYTES && pieces.length > 1) bytes -= pieces.shift()?.length ?? 0
}

function ended(
  child: ReturnType<typeof spawn>,
  command: ProgramCommand,
): Promise<{ status: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.once('error', error => reject(cannotStart(command, error)))
    child.once('close', (status, signal) => resolve({ status, signal }))
  })
}
