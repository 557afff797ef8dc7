import { setTimeout as sleep } from 'node:timers/promises'
import { programsOf } from './programs-of.ts'

/** What the case does about the end of its programs, and removes, has so long for it. */
const PATIENCE_MS = 30_000

/**
 * Runs what has all its programs and servers in one folder; they are ended when it takes too long.
 *
 * @throws Error of what it throws itself; at the limit one that names the programs that ran
 */
export async function withinLimit(
  folder: string,
  limitMs: number,
  run: () => Promise<string>,
): Promise<string> {
  const timer = new AbortController()
  const limit = sleep(limitMs, 'late' as const, { signal: timer.signal })
  limit.catch(() => {})
  const running = run().then(seen => ({ seen }))
  running.catch(() => {})
  const first = await Promise.race([running, limit]).finally(() => timer.abort())
  if (first !== 'late') return first.seen
  const programs = await programsOf([folder])
  for (const { pid } of programs) end(pid)
  const ended = running.then(
    () => 'it had ended well without them',
    error => String(error),
  )
  const rest = await Promise.race([ended, sleep(PATIENCE_MS, 'it did not end then')])
  const names = programs.map(({ told }) => told).join('; ') || 'no program'
  throw new Error(`not done after ${limitMs / 1000} s: ${names}\n${rest}`)
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It is gone.
  }
}
