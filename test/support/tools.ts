import { spawnSync } from 'node:child_process'
import { findTool } from '#process/find-tool'

/** Runs a program of the restore recipe (age, zstd, openssl) and gives its standard output. */
export function runTool(name: string, args: readonly string[], input?: Uint8Array): Buffer {
  const { file, env } = findTool(name)
  const done = spawnSync(file, args, {
    input,
    env: { ...process.env, ...env },
    maxBuffer: 1 << 30,
  })
  if (done.error) throw done.error
  if (done.status !== 0) throw new Error(`${name}: exit ${done.status}: ${done.stderr.toString()}`)
  return done.stdout
}
