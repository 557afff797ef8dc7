import { spawnDyingWithUs } from './die-with-us.ts'
import { cannotStart, type ProgramCommand } from './program.ts'

export interface ChildOptions {
  /** Milliseconds after which it is asked to end; Infinity: never. */
  limitMs: number
  /** How long it then has to clean up. */
  graceMs: number
}

export interface EndedChild {
  status: number | null
  signal: NodeJS.Signals | null
  tookTooLong: boolean
  /** The first part of what it printed. */
  stdout: string
  /** The last part of its complaints. */
  stderr: string
}

export interface Child {
  readonly pid: number | undefined
  /** @throws EcomdbError TOOL_MISSING when it cannot be started */
  readonly ended: Promise<EndedChild>
  /** Asks it to end, and ends it when it has not cleaned up in time. */
  stop(): void
}

/** Longer than any document that a job prints. */
const KEPT_STDOUT = 16 * 1024 * 1024
const KEPT_STDERR = 4000
/** setTimeout's own limit, 24 days: a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * Starts a program that cleans up after itself when it is asked to end: SIGTERM, and SIGKILL when
 * it takes longer than `graceMs`. It is in a process group of its own, so that Ctrl-C reaches it
 * once and through us; it does not outlive us, not even our SIGKILL.
 */
export function startChild(
  command: ProgramCommand,
  args: readonly string[],
  { limitMs, graceMs }: ChildOptions,
): Child {
  const child = spawnDyingWithUs(command, args, { stdin: 'ignore', detached: true })
  const printed: Buffer[] = []
  let room = KEPT_STDOUT
  let stderr = ''
  let tookTooLong = false
  const timers: NodeJS.Timeout[] = []
  child.stdout.on('data', (chunk: Buffer) => {
    if (room > 0) printed.push(chunk.subarray(0, room))
    room -= chunk.length
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = `${stderr}${text}`.slice(-KEPT_STDERR)
  })
  const stop = (): void => {
    child.kill('SIGTERM')
    timers.push(setTimeout(() => child.kill('SIGKILL'), graceMs))
  }
  if (limitMs < LONGEST_TIMER_MS) {
    const end = (): void => {
      tookTooLong = true
      stop()
    }
    timers.push(setTimeout(end, limitMs))
  }
  const ended = new Promise<EndedChild>((resolve, reject) => {
    child.once('error', error => reject(cannotStart(command, error)))
    child.once('close', (status, signal) => {
      const stdout = Buffer.concat(printed).toString('utf8')
      resolve({ status, signal, tookTooLong, stdout, stderr })
    })
  }).finally(() => {
    for (const timer of timers) clearTimeout(timer)
  })
  return { pid: child.pid, ended, stop }
}
