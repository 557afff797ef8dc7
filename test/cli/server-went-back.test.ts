import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunningServer } from '#engine/scratch-server'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { logWords } from '#test/log-words'
import { LoggedShop, startLogged } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

const ID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}/

describe.each(SLOW_TEST_ENGINES)(
  '%s: a server that was put back to an image of its disks',
  family => {
    let folder: string
    let shop: LoggedShop
    let target: RunningServer
    const first: string[] = []

    const run = async (args: string[], status: number, server = shop.source) => {
      const result = await shop.ecomdb([...args, '--quiet'], server)
      expect(result.status, result.stderr).toBe(status)
      return result.stdout + result.stderr
    }
    const backup = async () => ID.exec(await run(['backup', 'logical'], 0))?.[0] ?? ''
    /** Rows of one size each: then the log has the same places whoever wrote it. */
    const insert = async (from: number, to: number, who: string) => {
      for (let id = from; id <= to; id += 1) {
        await shop.run(`INSERT INTO shop.t VALUES (${id}, '${who}')`)
      }
    }
    /** To the log's end now, from the one snapshot that all of these logs have behind them. */
    const isRestoredFromBoth = async () => {
      const restored = await run(
        ['restore', '--gtid', await gtid(), '--confirm', 'shop'],
        0,
        target,
      )
      expect(restored).toContain(`snapshot     ${first[0]}`)
      const rows = 'SELECT who AS who, COUNT(*) AS n FROM shop.t GROUP BY who ORDER BY who'
      expect(await shop.rows(rows, target)).toEqual(await shop.rows(rows))
    }
    const putBack = async () => {
      const data = join(shop.source.folder, 'data')
      await shop.engine.scratchServers.stop(shop.source.folder)
      await rm(data, { recursive: true })
      await cp(join(folder, 'image'), data, { recursive: true })
      await shop.restart()
    }
    const gtid = async () =>
      (await shop.value(
        family === 'mysql' ? 'SELECT @@GLOBAL.gtid_executed' : 'SELECT @@gtid_binlog_pos',
      )) ?? ''

    beforeAll(async () => {
      folder = await makeFolder()
      shop = await LoggedShop.make(family, folder)
      target = await startLogged(shop.engine, join(folder, 'target'))
      await shop.run(
        'CREATE DATABASE shop',
        'CREATE TABLE shop.t (id INT PRIMARY KEY, who CHAR(3))',
      )
      await insert(10, 15, 'old')
      first.push(await backup())
      await run(['backup', 'binlog', '--once'], 0)
      await shop.engine.scratchServers.stop(shop.source.folder)
      await cp(join(shop.source.folder, 'data'), join(folder, 'image'), { recursive: true })
      await shop.restart()
      await insert(20, 29, 'old')
      first.push(await backup())
      await run(['backup', 'binlog', '--once'], 0)
      await putBack()
      await insert(20, 39, 'new')
      await run(['backup', 'binlog', '--once'], 13)
    })

    afterAll(async () => {
      await shop?.stop()
      if (target) await shop.engine.scratchServers.remove(target.folder)
      await rm(folder, { recursive: true, force: true })
    })

    test('its log is not replayed onto what it had been before, but onto what both have', async () => {
      await isRestoredFromBoth()
      const named = [first[1] ?? '', '--gtid', await gtid(), '--dry-run']
      expect(await run(['restore', ...named], 10, target)).toContain('OUTSIDE_WINDOW')
    })

    // So it is, too, with two MySQL servers of one server_uuid, of which both are backed up to one repository.
    test('nor onto a snapshot of a log that was never archived, of the same names, places and GTIDs', async () => {
      await putBack()
      await insert(20, 29, 'two')
      const undone = await backup()
      await putBack()
      await insert(20, 39, 'end')
      await run(['backup', 'binlog', '--once'], 13)
      const windows = await run(['backup', 'window', '--json'], 3)
      expect(windows).not.toContain(undone)
      await shop.rows('DROP DATABASE shop', target)
      await isRestoredFromBoth()
    })

    test('a GTID that two logs have is refused where no snapshot leads to it in the newer one', async () => {
      const { reset } = logWords(shop.source.version)
      await shop.run(reset)
      await insert(40, 41, 'res')
      await run(['backup', 'binlog', '--once'], 13)
      const at = await gtid()
      const refused = await run(['restore', '--gtid', at, '--dry-run'], 10, target)
      expect(refused).toContain('two logs of this server have it')
    })
  },
)
