import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunningServer } from '#engine/scratch-server'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { LoggedShop, startLogged } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

/** Each has a trigger on a column that it has no more when the backup is made. */
const TABLES = ['dropped', 'mended', 'renamed', 'stays']
const VIEWS = ['v_dropped', 'v_moved', 'v_altered', 'v_replaced', 'v_mended', 'v_stays']

describe.each(SLOW_TEST_ENGINES)(
  '%s: programs that were invalid, and a log behind them',
  family => {
    let folder: string
    let shop: LoggedShop
    let moment: string[]

    beforeAll(async () => {
      folder = await makeFolder()
      shop = await LoggedShop.make(family, folder)
      await shop.run(
        ...['CREATE DATABASE shop', 'CREATE TABLE shop.orders (id INT PRIMARY KEY, total INT)'],
        ...['CREATE TABLE shop.base (id INT)', 'CREATE TABLE shop.gone (id INT)'],
        ...VIEWS.map(
          name =>
            `CREATE VIEW shop.${name} AS SELECT id FROM shop.${name === 'v_stays' ? 'gone' : 'base'}`,
        ),
        ...TABLES.flatMap(name => [
          `CREATE TABLE shop.${name} (id INT PRIMARY KEY, old INT)`,
          `CREATE TRIGGER shop.on_${name} BEFORE INSERT ON shop.${name} FOR EACH ROW SET NEW.old = 7`,
          `INSERT INTO shop.${name} (id) VALUES (1)`,
          `ALTER TABLE shop.${name} DROP COLUMN old`,
        ]),
        ...['DROP TABLE shop.base', 'DROP TABLE shop.gone'],
      )
      const backup = await shop.ecomdb(['backup', 'logical', '--quiet'])
      expect(backup.status, backup.stderr).toBe(3)
      await shop.run(
        ...['DROP TRIGGER shop.on_dropped', 'DROP VIEW shop.v_dropped'],
        'INSERT INTO shop.dropped VALUES (2)',
        'ALTER VIEW shop.v_altered AS SELECT id FROM shop.orders',
        'CREATE OR REPLACE VIEW shop.v_replaced AS SELECT total FROM shop.orders',
        ...['CREATE TABLE shop.base (id INT)', 'ALTER TABLE shop.mended ADD COLUMN old INT'],
        'RENAME TABLE shop.v_moved TO shop.v_moved_2',
        ...['CREATE USER ann@localhost', 'GRANT SELECT ON shop.v_stays TO ann@localhost'],
        'CREATE TRIGGER shop.more BEFORE INSERT ON shop.stays FOR EACH ROW FOLLOWS on_stays SET @a = 1',
        "SET binlog_format = 'ROW'",
        'INSERT INTO shop.mended (id) VALUES (2)',
        'RENAME TABLE shop.renamed TO shop.renamed_2',
        'CREATE TABLE shop.renamed (id INT PRIMARY KEY, old INT)',
      )
      moment = ['--gtid', await shop.archivedGtids()]
    })

    afterAll(async () => {
      await shop?.stop()
      await rm(folder, { recursive: true, force: true })
    })

    async function restored(
      args: readonly string[],
      check: (server: RunningServer, findings: string[]) => Promise<void>,
    ): Promise<void> {
      const place = join(folder, `target-${args[0]}`)
      const target = await startLogged(shop.engine, place)
      try {
        const done = await shop.ecomdb(['restore', ...args, '--confirm', 'shop'], target)
        expect(done.status, done.stderr).toBe(3)
        await check(
          target,
          done.stdout.split('\n').filter(line => line.startsWith('FINDING: ')),
        )
      } finally {
        await shop.engine.scratchServers.remove(place)
      }
    }

    const triggers = async (server: RunningServer) =>
      (await shop.rows('SHOW TRIGGERS FROM shop', server)).map(row => row['Trigger'])

    const views = async (server?: RunningServer) =>
      await shop.rows(
        `SELECT TABLE_NAME AS name, VIEW_DEFINITION AS text FROM information_schema.VIEWS
        WHERE TABLE_SCHEMA = 'shop' AND TABLE_NAME NOT IN ('v_stays', 'v_moved_2') ORDER BY 1`,
        server,
      )

    test('the log may drop, alter and replace them; what it mended is made behind it', async () => {
      await restored(moment, async (server, findings) => {
        expect(findings).toEqual([
          expect.stringMatching(/view `shop`.`v_moved_2` is not here: .* has given it this name/),
          expect.stringMatching(/trigger `shop`\.`on_mended` could be made behind the replay only/),
          expect.stringMatching(
            /trigger `shop`\.`on_renamed` was left out, .*: its table has another name, renamed_2;/,
          ),
          expect.stringMatching(/trigger `shop`\.`on_stays` was left out, .*old/),
        ])
        expect(await triggers(server)).toEqual(['on_mended', 'more'])
        expect(await views(server)).toEqual(await views())
        const left = `SELECT TABLE_NAME FROM information_schema.TABLES
         WHERE TABLE_NAME IN ('ecomdb_stand_in', 'v_stays', 'v_moved_2')`
        expect(await shop.rows(left, server)).toEqual([])
        const grants = 'SHOW GRANTS FOR ann@localhost'
        expect(await shop.rows(grants, server)).toEqual(await shop.rows(grants))
        for (const name of ['dropped', 'mended', 'orders']) {
          const rows = `SELECT * FROM shop.${name} ORDER BY id`
          expect(await shop.rows(rows, server)).toEqual(await shop.rows(rows))
        }
      })
    })

    test('without a log each trigger is a finding', async () => {
      await restored(['latest'], async (server, findings) => {
        expect(findings).toEqual(
          TABLES.map(name =>
            expect.stringMatching(new RegExp(`trigger \`shop\`.\`on_${name}\` was left out`)),
          ),
        )
        expect(await triggers(server)).toEqual([])
      })
    })
  },
)
