import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { packageRoot } from '#core/paths'
import { withExclusiveLock } from '#process/exclusive-lock'

const anyName = (): string => `/a/folder/${randomUUID()}/${'x'.repeat(300)}`

test('only one at a time; who waits goes on when the other is done', async () => {
  const name = anyName()
  let inside = 0
  let most = 0
  const work = async (): Promise<void> => {
    inside += 1
    most = Math.max(most, inside)
    await sleep(5)
    inside -= 1
  }
  await Promise.all(
    Array.from({ length: 20 }, () => withExclusiveLock({ name, waitMs: 20_000 }, work)),
  )
  expect(most).toBe(1)
})

test('different names do not wait for each other', async () => {
  const inner = (): Promise<string> =>
    withExclusiveLock({ name: anyName(), waitMs: 0 }, async () => 'in')
  expect(await withExclusiveLock({ name: anyName(), waitMs: 0 }, inner)).toBe('in')
})

test('it is released when the work fails', async () => {
  const name = anyName()
  const failing = withExclusiveLock({ name, waitMs: 0 }, async () => {
    throw new Error('no')
  })
  await expect(failing).rejects.toThrow('no')
  expect(await withExclusiveLock({ name, waitMs: 0 }, async () => 'free')).toBe('free')
})

test('LOCKED after the time is up, and free at once when its holder is killed', async () => {
  const name = anyName()
  const script = `
    const { withExclusiveLock } = await import('#process/exclusive-lock')
    await withExclusiveLock({ name: process.argv[1], waitMs: 0 }, () => {
      console.log('held')
      return new Promise(() => setInterval(() => {}, 1000))
    })`
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script, name], {
    cwd: join(packageRoot()),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise(resolve => holder.stdout.once('data', resolve))
  await expect(withExclusiveLock({ name, waitMs: 50 }, async () => {})).rejects.toMatchObject({
    code: 'LOCKED',
  })
  const waiting = withExclusiveLock({ name, waitMs: 20_000 }, async () => 'mine')
  holder.kill('SIGKILL')
  expect(await waiting).toBe('mine')
})
