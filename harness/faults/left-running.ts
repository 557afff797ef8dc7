import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Case } from './case.ts'

/** What ends by itself has so long for it. */
const PATIENCE_MS = 5000

/** No server and no client of the case is there any more. @throws Error that names them */
export async function requireNothingRuns(one: Case): Promise<void> {
  const until = performance.now() + PATIENCE_MS
  for (;;) {
    const left = await programsOf(one)
    if (left.length === 0) return
    if (performance.now() > until) throw new Error(`still running: ${left.join('; ')}`)
    await sleep(100)
  }
}

/** Programs that work in the case's folder, or were told of it, or of the target's socket. */
async function programsOf(one: Case): Promise<string[]> {
  const { place } = one
  const known = new Set(place.serverPids().map(String))
  const signs = [`${one.folder}/`, `${place.folder}/target/`]
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name) && !known.has(name))
  const found = await Promise.all(
    pids.map(async pid => {
      const told = await readFile(join('/proc', pid, 'cmdline'), 'utf8').catch(() => '')
      const cwd = await readlink(join('/proc', pid, 'cwd')).catch(() => '')
      const isIts = signs.some(sign => told.includes(sign) || `${cwd}/`.startsWith(sign))
      return isIts ? [`${pid} ${told.replaceAll('\0', ' ').slice(0, 200)}`] : []
    }),
  )
  return found.flat()
}
