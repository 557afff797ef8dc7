import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { ProgramCommand } from './program.ts'

/**
 * The same program, killed by the kernel when ecomdb is killed (prctl(2), PR_SET_PDEATHSIG, by
 * util-linux's setpriv): one that waits, for a server or a reader, would not notice. Where
 * there is no setpriv the command is given back as it is.
 */
export function dyingWithUs(
  command: ProgramCommand,
  environment: NodeJS.ProcessEnv = process.env,
): ProgramCommand {
  const setpriv = (environment['PATH'] ?? '')
    .split(delimiter)
    .filter(folder => folder.startsWith('/'))
    .map(folder => join(folder, 'setpriv'))
    .find(isProgram)
  if (setpriv === undefined) return command
  const args = ['--pdeathsig', 'KILL', '--', command.file, ...command.args]
  return { file: setpriv, args, env: command.env }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
