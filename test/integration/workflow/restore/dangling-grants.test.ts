import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'

afterEach(() => {
  vi.unstubAllEnvs()
})

test.each(TEST_ENGINES)(
  '%s: grants on what is gone are named, and end no restore',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        for (const sql of SOURCE) await session.run(sql)
        await session.close()
        await place.backUp(server)
      })
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        const { findings, notes, outcome } = await place.restore(server, { confirm: 'shop' })
        expect(outcome?.checks.filter(one => one.outcome === 'failed')).toEqual([])
        expect(findings).toHaveLength(1)
        for (const lost of [
          // Of a view that stays out, for its column is gone.
          'GRANT SELECT ON `shop`.`w` TO `rep`@`%`',
          'PRIVILEGES ON `shop`.`w` TO `part`@`%`',
          'GRANT SELECT ON `mysql`.`gone` TO `rep`@`%`',
          'GRANT SELECT (`total`) ON `shop`.`v` TO `rep`@`%`',
          'GRANT SELECT (`total`) ON `shop`.`v` TO `part`@`%`',
        ])
          expect(findings[0]).toContain(lost)
        expect(findings[0]).toContain("(Unknown column 'total' in 'v')")
        expect(notes.join('\n')).toContain('GRANT SELECT ON `shop`.`Orders` TO `rep`@`%`')
        const session = await engine.connect(server.administrator)
        const grantsOf = async (user: string): Promise<string[]> =>
          (await session.rows(`SHOW GRANTS FOR ${user}`)).flatMap(row =>
            Object.values(row).map(String),
          )
        expect(await grantsOf('rep')).toContain('GRANT SELECT ON `shop`.`t` TO `rep`@`%`')
        expect(await grantsOf('part')).toContain(
          'GRANT SELECT (`id`), INSERT ON `shop`.`v` TO `part`@`%`',
        )
        for (const sql of ['DROP DATABASE shop', 'DROP USER owner']) await session.run(sql)
        await session.close()
        // No account is compared, and those that programs run as are made.
        const part = await place.restore(server, { databases: ['shop'] })
        expect(part.findings).toEqual([
          expect.stringContaining(
            "GRANT SELECT (`total`) ON `shop`.`v` TO `owner`@`%` (Unknown column 'total' in 'v')",
          ),
        ])
      })
    })
  },
)

const SOURCE = [
  'CREATE DATABASE shop',
  'CREATE TABLE shop.t (id INT, n INT)',
  'CREATE USER rep',
  'GRANT SELECT ON shop.t TO rep',
  'CREATE VIEW shop.v AS SELECT id, n AS total FROM shop.t',
  'CREATE USER part',
  'GRANT SELECT (id, total), INSERT ON shop.v TO part',
  'GRANT SELECT (total) ON shop.v TO rep',
  'CREATE USER owner',
  'GRANT SELECT (total) ON shop.v TO owner',
  'CREATE OR REPLACE VIEW shop.v AS SELECT id FROM shop.t',
  'GRANT SELECT ON shop.t TO owner',
  'CREATE DEFINER=owner VIEW shop.owned AS SELECT id FROM shop.t',
  'CREATE TABLE shop.lossy (id INT, gone INT)',
  'CREATE VIEW shop.w AS SELECT gone FROM shop.lossy',
  'GRANT SELECT ON shop.w TO rep',
  'GRANT ALL ON shop.w TO part',
  'ALTER TABLE shop.lossy DROP COLUMN gone',
  // Linux tells them apart.
  'CREATE TABLE shop.Orders (id INT)',
  'GRANT SELECT ON shop.Orders TO rep',
  'RENAME TABLE shop.Orders TO shop.orders',
  // As an upgrade drops tables of its own.
  'CREATE TABLE mysql.gone (id INT)',
  'GRANT SELECT ON mysql.gone TO rep',
  'DROP TABLE mysql.gone',
]
