import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EngineFamily } from '#domain/engine-family'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { logWords } from '#test/log-words'
import { LEDGER, LoggedShop, startLogged } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

/** It needs no source that is there: what counts is that it is to replicate. */
const REPLICA: Readonly<Record<EngineFamily, { off: string; become: string; cease: string }>> = {
  mariadb: {
    off: '--log-slave-updates=OFF',
    become: "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 1, MASTER_USER = 'repl'",
    cease: 'RESET SLAVE ALL',
  },
  mysql: {
    off: '--log-replica-updates=OFF',
    become:
      "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = 1, SOURCE_USER = 'repl'",
    cease: 'RESET REPLICA ALL',
  },
}

describe.each(SLOW_TEST_ENGINES)('%s: a replica whose log lacks what its source sends', family => {
  let folder: string
  let shop: LoggedShop

  beforeAll(async () => {
    folder = await makeFolder()
    shop = await LoggedShop.make(family, folder, [REPLICA[family].off])
    await shop.run(...LEDGER)
    if (family === 'mysql') await shop.run("INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
  })

  afterAll(async () => {
    await shop?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const once = () => shop.ecomdb(['backup', 'binlog', '--once', '--quiet'])
  const noPlace = async (method: string) => {
    const backup = await shop.ecomdb(['backup', method, '--quiet'])
    expect(backup.status, backup.stderr).toBe(3)
    expect(backup.stdout).toContain('no binary log position')
    expect(backup.stdout).toContain('does not follow it (its IO thread: No; its SQL thread: No)')
  }

  test('is not archived, and snapshots of it have no place in the log', async () => {
    await shop.run(REPLICA[family].become)
    await noPlace('logical')
    await noPlace('physical')
    const refused = await once()
    expect(refused.status).toBe(78)
    expect(refused.stderr).toContain('what it gets from its source is not in its own log')
  })

  test('is archived once it is a source, from snapshots that are taken then', async () => {
    await shop.run(REPLICA[family].cease)
    const archived = await once()
    expect(archived.status, archived.stderr).toBe(0)
    const none = await shop.ecomdb(['backup', 'window'])
    expect(none.status, none.stdout).toBe(3)
    const backup = await shop.ecomdb(['backup', 'logical', '--quiet'])
    expect(backup.stdout).not.toContain('no binary log position')
    expect((await once()).status).toBe(0)
    const window = await shop.ecomdb(['backup', 'window'])
    expect(window.status, window.stdout).toBe(0)
    expect(window.stdout).toMatch(/restorable/)
  })
})

describe.each(SLOW_TEST_ENGINES)('%s: a log that was reset', family => {
  let folder: string
  let shop: LoggedShop

  beforeAll(async () => {
    folder = await makeFolder()
    shop = await LoggedShop.make(family, folder)
  })

  afterAll(async () => {
    await shop?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  test('a snapshot of the new log is none of the old one, where it has the same places', async () => {
    const run = async (args: string[], status: number) => {
      const result = await shop.ecomdb(args)
      expect(result.status, result.stderr).toBe(status)
      return result.stdout
    }
    const { reset } = logWords(shop.source.version)
    // Both snapshots are taken at the same place, behind the same GTID.
    await shop.run(reset, 'CREATE DATABASE shop')
    await run(['backup', 'logical'], 0)
    await shop.run('CREATE TABLE shop.a (i INT)', 'CREATE TABLE shop.wanted (i INT)')
    await run(['backup', 'binlog', '--once'], 0)
    const wanted = await shop.gtidOf(/wanted/)
    await shop.run('DROP DATABASE shop', reset, 'CREATE DATABASE shop')
    const ids = (text: string) => text.match(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}/g)
    const [later = 'none'] = ids(await run(['backup', 'logical'], 0)) ?? []
    // Its log is not archived yet.
    expect(ids(await run(['backup', 'window', '--json'], 0))).not.toContain(later)
    await run(['backup', 'binlog', '--once'], 13)
    await shop.run('CREATE TABLE shop.b (i INT)')
    await run(['backup', 'binlog', '--once'], 0)
    await shop.run('DROP DATABASE shop')
    const plan = await run(['restore', '--before-gtid', wanted, '--dry-run'], 0)
    expect(ids(plan)).not.toContain(later)
    const window = await run(['backup', 'window', '--json'], 3)
    expect(window.split(later)).toHaveLength(2)
  })
})

describe.runIf(SLOW_TEST_ENGINES.includes('mariadb'))('mariadb: GTIDs out of order', () => {
  test('are replayed in the order of the log, and looked for one by one', async () => {
    const folder = await makeFolder()
    const shop = await LoggedShop.make('mariadb', folder)
    const target = await startLogged(shop.engine, join(folder, 'target'))
    const rows = 'SELECT i FROM shop.t ORDER BY i'
    const insert = async (numbers: readonly number[]) => {
      for (const number of numbers) {
        await shop.run(
          `SET SESSION gtid_seq_no = ${number}`,
          `INSERT INTO shop.t VALUES (${number})`,
        )
      }
      expect((await shop.ecomdb(['backup', 'binlog', '--once'])).status).toBe(0)
    }
    const restore = async (status: number, ...args: string[]) => {
      const restored = await shop.ecomdb(['restore', ...args, '--quiet'], target)
      expect(restored.status, restored.stderr).toBe(status)
      return restored.stdout + restored.stderr
    }
    try {
      await shop.run('CREATE DATABASE shop', 'CREATE TABLE shop.t (i INT PRIMARY KEY)')
      await shop.ecomdb(['backup', 'logical'])
      await insert([900, 1000])
      await insert([500, 700])
      expect((await shop.ecomdb(['backup', 'logical'])).status).toBe(0)
      await insert([600, 1001])
      // No number that the log has come to tells that a smaller one is there.
      expect(await restore(10, '--gtid', '0-1-800', '--dry-run')).toContain('OUTSIDE_WINDOW')
      for (const [gtid, before] of [
        ['0-1-600', '0-1-700'],
        ['0-1-500', '0-1-1000'],
      ] as const) {
        const plan = await restore(0, '--before-gtid', gtid, '--dry-run')
        expect(plan).toMatch(new RegExp(`first not +${gtid}`))
        expect(plan).toMatch(
          gtid === '0-1-600' ? /last +none: the snapshot/ : new RegExp(`last +${before}`),
        )
      }
      await restore(0, '--gtid', '0-1-600', '--confirm', 'shop')
      expect(await shop.rows(rows, target)).toEqual(await shop.rows(`${rows} LIMIT 5`))
    } finally {
      await shop.engine.scratchServers.remove(target.folder)
      await shop.stop()
      await rm(folder, { recursive: true, force: true })
    }
  })
})
