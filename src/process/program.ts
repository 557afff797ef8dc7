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
