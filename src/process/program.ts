import { EcomdbError, messageOf, systemCode } from '#core/errors'

/** How to start one program: its file, the arguments that come first, and its environment. */
export interface ProgramCommand {
  file: string
  args: readonly string[]
  /** Added to the caller's environment. Never holds a secret. */
  env: Readonly<Record<string, string>>
}

/** A program by its name on PATH. */
export function onPath(name: string): ProgramCommand {
  return { file: name, args: [], env: {} }
}

/** The name that a person knows: not the dynamic loader that starts an unpacked program. */
export function programName(command: ProgramCommand): string {
  const path = command.args.findLast(argument => argument.startsWith('/')) ?? command.file
  return path.slice(path.lastIndexOf('/') + 1)
}

/** The error for a program that the system would not start. */
export function cannotStart(command: ProgramCommand, error: unknown): EcomdbError {
  return new EcomdbError('TOOL_MISSING', {
    what: `cannot start ${programName(command)}`,
    why: systemCode(error) === 'ENOENT' ? 'it is not installed, or not on PATH' : messageOf(error),
    hints: ['run `ecomdb doctor` to see which programs are missing'],
    cause: error,
  })
}
