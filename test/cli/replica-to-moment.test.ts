import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { EngineFamily } from '#domain/engine-family'
import type { RunningServer } from '#engine/scratch-server'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { LoggedShop, startLogged } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

const WORDS: Readonly<
  Record<EngineFamily, { options: string[]; follow: (port: number) => string[]; status: string }>
> = {
  mariadb: {
    options: ['--log-slave-updates'],
    follow: port => [
      `CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = ${port}, MASTER_USER = 'repl',
         MASTER_PASSWORD = 'Only-4-replicas', MASTER_USE_GTID = slave_pos`,
      'START SLAVE',
    ],
    status: 'SHOW ALL SLAVES STATUS',
  },
  mysql: {
    options: ['--gtid-mode=ON', '--enforce-gtid-consistency=ON'],
    follow: port => [
      "INSTALL PLUGIN clone SONAME 'mysql_clone.so'",
      `CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = ${port}, SOURCE_USER = 'repl',
         SOURCE_PASSWORD = 'Only-4-replicas', SOURCE_AUTO_POSITION = 1, SOURCE_SSL = 0, GET_SOURCE_PUBLIC_KEY = 1`,
      'START REPLICA',
    ],
    status: 'SHOW REPLICA STATUS',
  },
}

const relayLogs = async (data: string): Promise<string[]> =>
  (await readdir(data)).filter(name => name.includes('relay'))

test.each(SLOW_TEST_ENGINES)(
  '%s: files of a replica, restored to a moment, stay at it when a server is started on them',
  async family => {
    const { options, follow, status } = WORDS[family]
    const folder = await makeFolder()
    // With it a server that lacks its relay log makes it anew, and goes on.
    const asConfigured = ['--relay-log=relay', '--relay-log-recovery=ON', ...options]
    const shop = await LoggedShop.make(family, folder, ['--server-id=2', ...asConfigured])
    const { scratchServers } = shop.engine
    const source = await startLogged(shop.engine, join(folder, 'its-source'), ['--server-id=1'])
    const files = await scratchServers.claim(join(folder, 'files'))
    const onSource = async (...statements: string[]): Promise<void> => {
      const session = await shop.engine.connect(source.administrator)
      for (const statement of statements) await session.run(statement)
      await session.close()
    }
    const tables = (server: RunningServer = shop.source) =>
      shop.value(
        "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'shop'",
        server,
      )
    const untilTables = async (count: number): Promise<void> => {
      while ((await tables()) !== `${count}`) await sleep(50)
    }
    const restored = async (data: string, ...args: string[]) => {
      const run = await shop.ecomdb(['restore', ...args, '--data-dir', data, '--quiet'])
      return [run.status, run.stdout + run.stderr] as const
    }
    try {
      await onSource(
        "CREATE USER repl@'%' IDENTIFIED BY 'Only-4-replicas'",
        "GRANT REPLICATION SLAVE ON *.* TO repl@'%'",
        'CREATE DATABASE shop',
        'CREATE TABLE shop.orders (id INT PRIMARY KEY)',
      )
      await shop.run(...follow(source.port ?? 0))
      await untilTables(1)
      await shop.ecomdb(['backup', 'physical', '--quiet'])
      await onSource(
        ...(family === 'mariadb' ? ['SET SESSION gtid_domain_id = 7'] : []),
        'CREATE TABLE shop.later (id INT PRIMARY KEY)',
        'DROP TABLE shop.orders, shop.later',
      )
      while ((await shop.gtidOf(/DROP TABLE/).catch(() => null)) === null) await sleep(50)
      expect((await shop.ecomdb(['backup', 'binlog', '--once'])).status).toBe(0)

      const [, plain] = await restored(join(folder, 'plain'), 'latest')
      // A private server that has had the files open leaves no relay log to them.
      const [, proved] = await restored(join(folder, 'proved'), 'latest', '--prove')
      expect(proved).toMatch(/^tables +ok /m)
      expect(proved.split('no server runs on it')[1]).toContain(
        family === 'mysql' ? 'may go on as one' : 'next: ',
      )
      expect(await relayLogs(join(folder, 'proved'))).toEqual([])
      const was = `it was a replica of 127.0.0.1:${source.port}, and`
      expect(plain.includes(`${was} may go on as one`)).toBe(family === 'mysql')
      const gtid = await shop.gtidOf(/DROP TABLE/)
      const [code, text] = await restored(join(files, 'data'), '--before-gtid', gtid)
      expect(code, text).toBe(family === 'mysql' ? 3 : 0)
      expect(text.includes(`FINDING: ${was} is none any more`)).toBe(family === 'mysql')
      expect(text).not.toContain('may go on as one')
      // Of each domain, for MariaDB's files know none.
      if (family === 'mariadb') expect(text).toMatch(/those of the log are 0-1-\d+,7-1-1$/m)
      const server = await scratchServers.start({
        ...{ folder: files, tcp: true, purpose: 'drill', asItIs: true },
        serverOptions: ['--log-bin=binlog', '--server-id=3', ...asConfigured],
      })
      expect(await shop.rows(status, server)).toEqual([])
      expect(await tables(server)).toBe('2')
    } finally {
      await scratchServers.remove(files)
      await scratchServers.remove(source.folder)
      await shop.stop()
      await rm(folder, { recursive: true, force: true })
    }
  },
)
