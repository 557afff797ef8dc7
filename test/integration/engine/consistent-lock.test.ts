import { expect, test } from 'vitest'
import { lockedMoment, type UnderLock } from '#engine/shared/logical/consistent-lock'
import { type LockMethod, lockTables } from '#engine/shared/logical/lock-methods'
import { takeSingleFlight } from '#engine/shared/logical/same-server'
import { TEST_ENGINES } from '#test/engines'
import { startOwnServer } from '#test/own-server'

test.each(TEST_ENGINES)('%s: who was given up is no obstacle to the next method', async family => {
  const { engine, server, remove } = await startOwnServer(family)
  const control = await engine.connect(server.administrator)
  let givenUp: number | null = null
  // As one that opens thousands of tables: it ends some time after it was killed.
  const slow: LockMethod = {
    ...lockTables,
    words: 'slow',
    obstacle: async () => null,
    async acquire(session) {
      givenUp = session.connectionId
      await session.run("DO BENCHMARK(100000, SHA2(REPEAT('x', 16000000), 512))")
    },
  }
  let others: unknown[] = []
  const next: LockMethod = {
    ...lockTables,
    words: 'next',
    async obstacle() {
      others = (await control.rows('SHOW PROCESSLIST')).map(row => Number(row['Id']))
      return null
    },
  }
  const nothing: UnderLock<null> = {
    before: async () => {},
    blocking: async () => {},
    during: async () => null,
    undo: async () => {},
  }
  try {
    await takeSingleFlight(control)
    const moment = await lockedMoment(
      [slow, next],
      [],
      server.administrator,
      control,
      { longStatementSeconds: 5, waitSeconds: 60, lockSeconds: 0 },
      nothing,
      () => {},
      () => {},
    )
    expect(moment?.method.words).toBe('next')
    expect(givenUp).not.toBeNull()
    expect(others).not.toContain(givenUp)
  } finally {
    await control.close()
    await remove()
  }
})
