import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { Patience } from '#engine/shared/patience'

const QUIET_MS = 1500

let child: ChildProcess

afterEach(async () => {
  if (child.exitCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
})

/** Is one that has waited for so long still patient? */
async function isOverAfter(
  ms: number,
  program: string,
  args: string[],
  quietMs = QUIET_MS,
): Promise<boolean> {
  child = spawn(program, args, { stdio: 'ignore' })
  await once(child, 'spawn')
  const patience = new Patience(child.pid ?? 0, quietMs)
  const end = performance.now() + ms
  while (performance.now() < end) {
    if (patience.isOver()) return true
    await sleep(50)
  }
  return false
}

test('a process that does nothing is waited for as long as is said', async () => {
  const began = performance.now()
  expect(await isOverAfter(10_000, 'sleep', ['60'])).toBe(true)
  expect(performance.now() - began).toBeGreaterThan(QUIET_MS)
})

test('one that computes is waited for longer', async () => {
  // Long enough to get a twentieth of a processor where many others want it.
  expect(await isOverAfter(7500, 'sh', ['-c', 'while :; do :; done'], 5000)).toBe(false)
})

test('one that is gone is not waited for longer', async () => {
  expect(await isOverAfter(10_000, 'true', [])).toBe(true)
})
