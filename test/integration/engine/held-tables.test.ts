import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'
import type { ConsistentOptions, ConsistentPoint } from '#engine/logical-reader'
import type { RunningServer } from '#engine/scratch-server'
import type { Session } from '#engine/session'
import { TEST_ENGINES } from '#test/engines'
import { startOwnServer } from '#test/own-server'

const STORAGE: Record<EngineFamily, readonly string[]> = {
  mysql: ['MyISAM', 'MEMORY', 'CSV'],
  mariadb: ['MyISAM', 'MEMORY', 'CSV', 'Aria'],
}

describe.each(TEST_ENGINES)('%s: tables without transactions', family => {
  let own: Awaited<ReturnType<typeof startOwnServer>>
  let engine: Engine
  let server: RunningServer
  let admin: Session
  const names = STORAGE[family].map(name => `${name.toLowerCase()}_t`)

  beforeAll(async () => {
    own = await startOwnServer(family)
    ;({ engine, server } = own)
    admin = await engine.connect(server.administrator)
    await admin.run('CREATE DATABASE bank')
    await admin.run('CREATE TABLE bank.inno (id INT PRIMARY KEY, n INT NOT NULL)')
    await admin.run('INSERT INTO bank.inno VALUES (1, 0)')
    for (const [at, name] of names.entries()) {
      const storage = STORAGE[family][at]
      await admin.run(`CREATE TABLE bank.${name} (n INT NOT NULL) ENGINE=${storage}`)
      await admin.run(`INSERT INTO bank.${name} VALUES (1)`)
    }
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
      ...more,
    })

  const count = async (point: ConsistentPoint, name: string): Promise<number> => {
    const table = point.catalog.tables.find(one => one.name === name)
    if (!table) throw new Error(`no table ${name}`)
    return await point.countRows(table)
  }

  test('they show the point while they are held, and all others are written to', async () => {
    const writers = await writeAll(engine, server, names)
    try {
      const point = await open()
      const openedMs = performance.now()
      try {
        expect(point.held.map(({ name }) => name)).toEqual(names.toSorted())
        const first = await Promise.all(names.map(name => count(point, name)))
        // The writer that writes to InnoDB alone goes on, and the others wait meanwhile.
        const transactions = async () => Number(await admin.value('SELECT n FROM bank.inno'))
        const before = await transactions()
        await expect.poll(transactions).toBeGreaterThan(before + 20)
        expect(await Promise.all(names.map(name => count(point, name)))).toEqual(first)
        const heldMs = performance.now() - openedMs
        await point.release()
        await expect.poll(() => count(point, names[0] ?? '')).toBeGreaterThan(first[0] ?? 0)
        const proof = await point.finish()
        expect(proof.lockedMs).toBeGreaterThanOrEqual(Math.floor(heldMs))
        expect(proof.steps.join()).toContain('which have no transactions')
      } finally {
        await point.close()
      }
    } finally {
      await writers.stop()
    }
  })

  test('their writers wait no longer than is said: then there is no backup', async () => {
    const point = await open({ holdSeconds: 1 })
    try {
      // Without an end to the lock this would wait for as long as the test may take.
      await admin.run(`INSERT INTO bank.${names[0]} VALUES (2)`)
      await expect(point.release()).rejects.toMatchObject({ code: 'NOT_CONSISTENT' })
      await expect(point.finish()).rejects.toMatchObject({ code: 'NOT_CONSISTENT' })
    } finally {
      await point.close()
    }
  })

  test('a backup that ends early, or cannot lock, leaves nothing locked', async () => {
    await (await open()).close()
    const holder = await engine.connect(server.administrator)
    await holder.run(`LOCK TABLES bank.${names[1]} WRITE`)
    await expect(open({ waitSeconds: 1, lockSeconds: 1 })).rejects.toMatchObject({
      code: 'NOT_CONSISTENT',
    })
    await holder.close()
    await admin.run('SET SESSION lock_wait_timeout = 20')
    for (const name of names) await admin.run(`INSERT INTO bank.${name} VALUES (3)`)
    await admin.run('UPDATE bank.inno SET n = 0')
  })
})

/** A session for each table, and one for InnoDB, each writing until stopped. */
async function writeAll(
  engine: Engine,
  server: RunningServer,
  names: readonly string[],
): Promise<{ stop(): Promise<void> }> {
  let running = true
  const statements = [
    'UPDATE bank.inno SET n = n + 1',
    ...names.map(name => `INSERT INTO bank.${name} VALUES (9)`),
  ]
  const work = statements.map(async sql => {
    const session = await engine.connect(server.administrator)
    while (running) {
      await session.run(sql)
      await sleep(5)
    }
    await session.close()
  })
  return {
    async stop() {
      running = false
      await Promise.all(work)
    },
  }
}
