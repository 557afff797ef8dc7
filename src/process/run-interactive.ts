import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { leaveSignalsToProgram } from '#core/interruption'
import { cannotStart, type ProgramCommand } from './program.ts'

/**
 * Runs a program on the caller's own terminal or pipes and gives its exit status back;
 * 128 + the signal's number when a signal ended it, as shells do.
 *
 * Ctrl-C reaches the program through the terminal, and is the program's to handle: a
 * database client cancels its statement and goes on.
 *
 * @throws EcomdbError TOOL_MISSING when it cannot be started
 */
export async function runInteractive(
  command: ProgramCommand,
  args: readonly string[],
): Promise<number> {
  const takeBack = leaveSignalsToProgram()
  try {
    return await new Promise<number>((resolve, reject) => {
      const child = spawn(command.file, [...command.args, ...args], {
        stdio: 'inherit',
        env: { ...process.env, ...command.env },
      })
      const passOn = (): void => void child.kill('SIGTERM')
      process.once('SIGTERM', passOn)
      child.once('error', error => reject(cannotStart(command, error)))
      child.once('close', (status, signal) => {
        process.off('SIGTERM', passOn)
        resolve(status ?? 128 + (signal ? constants.signals[signal] : 0))
      })
    })
  } finally {
    takeBack()
  }
}
