import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { TEST_ENGINES } from '#test/engines'
import { sharedServer } from '#test/servers'

test.each(TEST_ENGINES)(
  '%s: a job of two hosts runs on one; the lock goes with its holder',
  async family => {
    const { engine, server } = await sharedServer(family)
    const job = `test-${randomBytes(6).toString('hex')}`
    const [first, second] = [
      await engine.connect(server.administrator),
      await engine.connect(server.administrator),
    ]
    try {
      expect(await engine.jobLock.take(first, job)).toBe(true)
      expect(await engine.jobLock.take(second, job)).toBe(false)
      expect(await engine.jobLock.take(second, `${job}-other`)).toBe(true)
      first.destroy()
      await expect.poll(() => engine.jobLock.take(second, job)).toBe(true)
    } finally {
      await second.close()
    }
  },
)
