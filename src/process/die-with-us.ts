import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import type { ProgramCommand } from './program.ts'

/**
 * Becomes the program, and leaves a guard behind: a shell that waits for a line. The pipe that it
 * reads has its other end in ecomdb and nowhere else, so that it ends with ecomdb, even by SIGKILL:
 * then there was no line, and the guard kills the program. It holds none of the program's files.
 *
 * No program that only some systems have does it, as util-linux's setpriv, whose --pdeathsig
 * older ones do not know. The kernel's signal is also sent when the thread ends that has started the program.
 */
const GUARDED =
  '( { read -r _ <&3 || kill -KILL $$; } < /dev/null > /dev/null 2>&1 & ) && exec "$@" 3<&-'

export interface GuardedOptions {
  stdin: 'pipe' | 'ignore'
  env?: Readonly<Record<string, string>> | undefined
  cwd?: string | undefined
  detached?: boolean
  timeout?: number | undefined
  killSignal?: NodeJS.Signals
}

/** Its stdin is there where it was asked for. */
export type GuardedProcess = ChildProcessByStdio<Writable, Readable, Readable>

/**
 * Starts a program that does not outlive ecomdb: one that waits, for a server or a reader, would
 * not notice that it is gone. A program that is missing ends with status 127.
 */
export function spawnDyingWithUs(
  { file, args: first, env }: ProgramCommand,
  args: readonly string[],
  { stdin, env: more, ...options }: GuardedOptions,
): GuardedProcess {
  const child = spawn('/bin/sh', ['-c', GUARDED, 'sh', file, ...first, ...args], {
    ...options,
    stdio: [stdin, 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env, ...more },
  }) as GuardedProcess
  const guard = child.stdio[3] as Writable | null | undefined
  guard?.on('error', () => {})
  // The number of a program that has ended is another one's soon: the guard goes at once.
  child.once('exit', () => guard?.end('\n', () => guard.destroy()))
  return child
}
