import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { packageRoot } from '#core/paths'
import { cliEnvironment } from '#test/cli'

/** `ecomdb schedule run` in the foreground, as a service, or of some jobs; `output` is what it has said so far. */
export function startScheduler(folder: string, env: Record<string, string>, ...jobs: string[]) {
  const child = spawn(join(packageRoot(), 'bin/ecomdb'), ['schedule', 'run', ...jobs], {
    cwd: folder,
    env: cliEnvironment(folder, env),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const lines: string[] = []
  child.stderr.setEncoding('utf8').on('data', text => lines.push(text))
  const ended = new Promise<number | null>(resolve => child.once('close', resolve))
  return { child, ended, output: () => lines.join('') }
}
