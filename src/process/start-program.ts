import { spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { EcomdbError } from '#core/errors'
import { onInterrupt } from '#core/interruption'
import { cannotStart, type ProgramCommand, programName } from './program.ts'

/** Lines of a program's complaints that are kept, the last ones. */
const KEPT_LINES = 20

/** A program that is at work, and whose output is read meanwhile. */
export interface StartedProgram {
  readonly output: Readable
  /**
   * When it has ended with status 0, and all it printed has come.
   * @throws EcomdbError TOOL_MISSING, TOOL_FAILED with its last lines
   */
  readonly ended: Promise<void>
  /** Ends it at once; nothing happens when it has ended. */
  kill(): void
}

/**
 * Starts a program by an argv array (never a shell). Whoever uses its output must await
 * `ended` before believing it: a program that dies closes its output just as well.
 *
 * @param onLine is told each line of its standard error
 */
export function startProgram(
  command: ProgramCommand,
  args: readonly string[],
  options: { cwd: string; onLine: (line: string) => void },
): StartedProgram {
  const child = spawn(command.file, [...command.args, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...command.env },
    cwd: options.cwd,
  })
  const last: string[] = []
  let rest = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      last.push(line)
      options.onLine(line)
    }
    last.splice(0, last.length - KEPT_LINES)
  })
  const kill = (): void => void child.kill('SIGKILL')
  const forget = onInterrupt(kill)
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', error => reject(cannotStart(command, error)))
    child.once('close', (status, signal) => {
      if (status === 0) resolve()
      else reject(failed(command, signal ? `killed by ${signal}` : `exit status ${status}`, last))
    })
  }).finally(forget)
  // Whoever waits for it sees the failure; until then it is not unhandled.
  ended.catch(() => {})
  return { output: child.stdout, ended, kill }
}

function failed(command: ProgramCommand, how: string, last: readonly string[]): EcomdbError {
  return new EcomdbError('TOOL_FAILED', {
    what: `${programName(command)} failed`,
    why: [how, ...last.slice(-5)].join('\n        '),
  })
}
