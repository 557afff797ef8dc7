import { setTimeout as sleep } from 'node:timers/promises'
import { programsOf } from '../programs-of.ts'
import type { Case } from './case.ts'

/** What ends by itself has so long for it. */
const PATIENCE_MS = 5000

/** No server and no client of the case is there any more. @throws Error that names them */
export async function requireNothingRuns({ place, folder }: Case): Promise<void> {
  const until = performance.now() + PATIENCE_MS
  for (;;) {
    const known = place.serverPids()
    const found = await programsOf([folder, `${place.folder}/target`])
    const left = found.filter(({ pid }) => !known.includes(pid))
    if (left.length === 0) return
    if (performance.now() > until) {
      throw new Error(`still running: ${left.map(({ pid, told }) => `${pid} ${told}`).join('; ')}`)
    }
    await sleep(100)
  }
}
