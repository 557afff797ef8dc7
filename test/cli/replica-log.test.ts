import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EngineFamily } from '#domain/engine-family'
import { TEST_ENGINES } from '#test/engines'
import { LEDGER, LoggedShop } from '#test/logged-shop'
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

describe.each(TEST_ENGINES)('%s: a replica whose log lacks what its source sends', family => {
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
    expect(backup.status, backup.stderr).toBe(0)
    expect(backup.stdout).toContain('no binary log position')
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
