import type { Readable, Writable } from 'node:stream'
import { EcomdbError } from '#core/errors'
import { onInterrupt } from '#core/interruption'
import { spawnDyingWithUs } from './die-with-us.ts'
import { cannotStart, type ProgramCommand, programName } from './program.ts'

/** A program that works beside ecomdb: fed, or read from, while it runs. */
export interface RunningProgram {
  readonly name: string
  readonly pid: number | undefined
  readonly stdin: Writable
  readonly stdout: Readable
  /** What it has complained of so far: the last part of it. */
  readonly stderr: string
  /** True once it is gone. */
  readonly hasEnded: boolean
  /**
   * Its end, with status 0. Must be awaited before anything that it did is believed.
   * @throws EcomdbError TOOL_FAILED, TOOL_MISSING
   */
  readonly ended: Promise<void>
  /** Ends it at once; `ended` then rejects. */
  kill(): void
}

/** Longest part of a program's complaints that is kept, in characters. */
const KEPT_STDERR = 4000

/**
 * Starts a program by an argv array (never a shell). It does not outlive ecomdb: neither a
 * signal nor SIGKILL.
 *
 * @param onStderr is told what it complains of, as it comes
 */
export function startProgram(
  command: ProgramCommand,
  args: readonly string[],
  onStderr: (text: string) => void = () => {},
): RunningProgram {
  const child = spawnDyingWithUs(command, args, { stdin: 'pipe' })
  const name = programName(command)
  let stderr = ''
  let hasEnded = false
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = `${stderr}${text}`.slice(-KEPT_STDERR)
    onStderr(text)
  })
  // A program that exits without reading its input breaks the pipe; its status tells why.
  child.stdin.on('error', () => {})
  const kill = (): void => void child.kill('SIGKILL')
  const forget = onInterrupt(kill)
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', error => reject(cannotStart(command, error)))
    child.once('close', (status, signal) => {
      if (status === 0) resolve()
      else reject(failed(name, signal ? `killed by ${signal}` : `exit status ${status}`, stderr))
    })
  }).finally(() => {
    hasEnded = true
    forget()
  })
  // Whoever waits hears of it; until then it is not an error that nobody handles.
  ended.catch(() => {})
  return {
    name,
    pid: child.pid,
    stdin: child.stdin,
    stdout: child.stdout,
    get stderr() {
      return stderr
    },
    get hasEnded() {
      return hasEnded
    },
    ended,
    kill,
  }
}

function failed(name: string, how: string, stderr: string): EcomdbError {
  return new EcomdbError('TOOL_FAILED', {
    what: `${name} failed`,
    why: `${how}: ${stderr.trim().slice(-2000)}`,
  })
}
