import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Engine } from '#engine/engine'
import type { ConsistentOptions, ConsistentPoint } from '#engine/logical-reader'
import type { RunningServer } from '#engine/scratch-server'
import type { ConnectOptions, Session } from '#engine/session'
import { TEST_ENGINES } from '#test/engines'
import { startOwnServer } from '#test/own-server'

// How long writers wait, as they see it themselves: for a backup that gets its point, and for
// one that does not.

const LOCK_SECONDS = 1
/** Two waits for locks, and what a busy machine takes besides: a third of the long queries below. */
const LIMIT_MS = 2 * LOCK_SECONDS * 1000 + 8000

describe.each(TEST_ENGINES)('%s: writers', family => {
  let own: Awaited<ReturnType<typeof startOwnServer>>
  let engine: Engine
  let server: RunningServer
  let admin: Session

  beforeAll(async () => {
    own = await startOwnServer(family)
    ;({ engine, server } = own)
    admin = await engine.connect(server.administrator)
    await admin.run('CREATE DATABASE bank')
    await admin.run('CREATE TABLE bank.accounts (id INT PRIMARY KEY, n INT NOT NULL)')
    await admin.run('INSERT INTO bank.accounts VALUES (1, 0), (2, 0), (3, 0), (4, 0)')
    await admin.run('CREATE TABLE bank.reports (id INT PRIMARY KEY, n INT NOT NULL)')
    await admin.run('INSERT INTO bank.reports VALUES (1, 0)')
  })

  afterAll(async () => {
    await admin.close()
    await own.remove()
  })

  const open = (more: Partial<ConsistentOptions> = {}): Promise<ConsistentPoint> =>
    engine.logicalReader.openConsistent({
      connect: server.administrator,
      databases: ['bank'],
      readers: 2,
      lockSeconds: LOCK_SECONDS,
      waitSeconds: 3,
      ...more,
    })

  test('beside a long query and an open transaction nobody waits longer than is said', async () => {
    const busy = await engine.connect(server.administrator)
    const long = busy.rows('SELECT SLEEP(30) FROM bank.reports').catch(() => {})
    const idle = await engine.connect(server.administrator)
    await idle.run('START TRANSACTION')
    await idle.rows('SELECT * FROM bank.accounts')
    const writers = await measureWriters(engine, server)
    try {
      for (let round = 0; round < 3; round++) {
        const point = await open({ longStatementSeconds: 1 })
        const proof = await point.finish()
        await point.close()
        expect(proof.lockedMs).toBeLessThan(LIMIT_MS)
      }
      const waited = await writers.stop()
      expect(waited.longestMs).toBeLessThan(LIMIT_MS)
    } finally {
      await writers.stop()
      await admin.run(`KILL CONNECTION ${busy.connectionId}`)
      await long
      await busy.close()
      await idle.close()
    }
  })

  test('after a lock that was not granted in time nobody is blocked, or what is says so', async () => {
    // Without LOCK TABLES there is one way left on each engine: FTWRL, and BACKUP STAGE.
    await admin.run("CREATE USER flusher@localhost IDENTIFIED BY ''")
    const backupAdmin = family === 'mysql' ? ', BACKUP_ADMIN' : ''
    await admin.run(
      `GRANT SELECT, RELOAD, PROCESS, SHOW VIEW, TRIGGER, EVENT${backupAdmin} ON *.* TO flusher@localhost`,
    )
    const connect = { ...server.administrator, user: 'flusher' }
    const holder = await engine.connect(server.administrator)
    const writers = await measureWriters(engine, server)
    let longer: Promise<unknown> = Promise.resolve()
    // A lock that it had to wait for would be an error.
    await admin.run('SET SESSION lock_wait_timeout = 1')
    try {
      if (family === 'mysql') {
        // Beside a statement that has run for a moment it is not tried, and so that table stays open.
        longer = holder.rows('SELECT SLEEP(30) FROM bank.reports').catch(() => {})
        await sleep(500)
      } else {
        await holder.run('BACKUP STAGE START')
        await holder.run('BACKUP STAGE BLOCK_DDL')
      }
      const refused = open({ connect, waitSeconds: 1 })
      await expect(refused).rejects.toMatchObject({ code: 'NOT_CONSISTENT' })
      await expect(refused).rejects.not.toThrow('Waiting for table flush')
      await admin.run('UPDATE bank.accounts SET n = n + 1 WHERE id = 4')
      await admin.run('UPDATE bank.reports SET n = n + 1')
      expect((await writers.stop()).longestMs).toBeLessThan(LIMIT_MS)
    } finally {
      await writers.stop()
      await admin.run(`KILL CONNECTION ${holder.connectionId}`)
      await longer
      await holder.close()
    }
    await (await open()).close()
    if (family === 'mysql') await hitByAStatementThatHadJustBegun(connect)
    await admin.run('DROP USER flusher@localhost')
  })

  /** The server itself closes that one table until the statement ends: it is said, and no other is. */
  async function hitByAStatementThatHadJustBegun(connect: ConnectOptions): Promise<void> {
    // Out of sight of our look, as one that begins right after it.
    const unseen =
      "UPDATE performance_schema.setup_consumers SET enabled = '%' WHERE name = 'events_statements_current'"
    await admin.run(unseen.replace('%', 'NO'))
    const holder = await engine.connect(server.administrator)
    let longer: Promise<unknown> = Promise.resolve()
    const onStep = (): void => {
      longer = holder.rows('SELECT SLEEP(30) FROM bank.reports').catch(() => {})
    }
    try {
      await expect(open({ connect, waitSeconds: 1, onStep })).rejects.toMatchObject({
        code: 'NOT_CONSISTENT',
        why: expect.stringContaining('"Waiting for table flush"'),
      })
      await admin.run('UPDATE bank.accounts SET n = n + 1 WHERE id = 4')
      await expect(admin.run('UPDATE bank.reports SET n = n + 1')).rejects.toThrow()
    } finally {
      await admin.run(`KILL CONNECTION ${holder.connectionId}`)
      await longer
      await holder.close()
      await admin.run(unseen.replace('%', 'YES'))
    }
    await admin.run('UPDATE bank.reports SET n = n + 1')
  }
})

interface Waited {
  writes: number
  longestMs: number
}

/** Three sessions that write a row each, again and again, and time it. */
async function measureWriters(
  engine: Engine,
  server: RunningServer,
): Promise<{ stop(): Promise<Waited> }> {
  let running = true
  const waited: Waited = { writes: 0, longestMs: 0 }
  const work = [1, 2, 3].map(async id => {
    const session = await engine.connect(server.administrator)
    while (running) {
      const began = performance.now()
      await session.run('UPDATE bank.accounts SET n = n + 1 WHERE id = ?', [id])
      waited.longestMs = Math.max(waited.longestMs, performance.now() - began)
      waited.writes += 1
      await sleep(10)
    }
    await session.close()
  })
  await expect.poll(() => waited.writes).toBeGreaterThan(20)
  return {
    async stop() {
      running = false
      await Promise.all(work)
      return waited
    },
  }
}
