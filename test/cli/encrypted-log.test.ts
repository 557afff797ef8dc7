import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { EngineFamily } from '#domain/engine-family'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { LoggedShop } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'
import { withTableKey } from '#test/with-table-key'

const OPTIONS: Readonly<Record<EngineFamily, readonly string[]>> = {
  mariadb: ['--encrypt-binlog=ON'],
  mysql: ['--binlog-encryption=ON', '--gtid-mode=ON', '--enforce-gtid-consistency=ON'],
}

test.each(SLOW_TEST_ENGINES)(
  '%s: a log that is encrypted on disk is archived and replayed without its key',
  async family => {
    const folder = await makeFolder()
    const shop = await LoggedShop.make(family, folder)
    const target = shop.source
    const options = ['--log-bin=binlog', '--server-id=1', ...OPTIONS[family]]
    const keyed = join(folder, 'keyed')
    const onKeyed = async (server: LoggedShop['source']): Promise<void> => {
      shop.source = server
      const done = async (...args: string[]) => {
        const ended = await shop.ecomdb([...args, '--quiet'])
        expect(ended.status, ended.stderr).toBe(0)
      }
      await shop.run('CREATE DATABASE shop', 'CREATE TABLE shop.t (t VARCHAR(20) PRIMARY KEY)')
      await done('backup', 'logical')
      await shop.run("INSERT INTO shop.t VALUES ('seen by nobody')")
      await done('backup', 'binlog', '--once')
      // From here on the log is read from the middle of a file.
      await shop.run("INSERT INTO shop.t VALUES ('two')")
      await done('backup', 'binlog', '--once')
      await shop.run('FLUSH BINARY LOGS', "INSERT INTO shop.t VALUES ('three')")
      const set = family === 'mysql' ? '@@gtid_executed' : '@@gtid_binlog_pos'
      const third = String(await shop.value(`SELECT ${set}`)).replaceAll('\n', '')
      await shop.run('DELETE FROM shop.t')
      await done('backup', 'binlog', '--once')
      await done('backup', 'verify', '--all')
      const file = await readFile(join(server.folder, 'data', 'binlog.000001'), 'latin1')
      expect(file).not.toContain('seen by nobody')
      const ended = await shop.ecomdb(['restore', '--gtid', third, '--confirm', 'shop'], target)
      expect(ended.status, ended.stderr).toBe(0)
      expect(await shop.rows('SELECT t FROM shop.t ORDER BY t', target)).toEqual(
        ['seen by nobody', 'three', 'two'].map(t => ({ t })),
      )
    }
    try {
      await withTableKey(family, keyed, onKeyed, options)
    } finally {
      await shop.engine.scratchServers.remove(target.folder)
      await rm(folder, { recursive: true, force: true })
    }
  },
)
