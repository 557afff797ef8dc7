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
        expect(findings).toEqual([
          expect.stringContaining('GRANT SELECT ON `mysql`.`gone` TO `rep`@`%`'),
        ])
        expect(notes.join('\n')).toContain('GRANT SELECT ON `shop`.`Orders` TO `rep`@`%`')
        const session = await engine.connect(server.administrator)
        const grants = (await session.rows('SHOW GRANTS FOR rep')).flatMap(row =>
          Object.values(row).map(String),
        )
        await session.close()
        expect(grants).toContain('GRANT SELECT ON `shop`.`t` TO `rep`@`%`')
      })
    })
  },
)

const SOURCE = [
  'CREATE DATABASE shop',
  'CREATE TABLE shop.t (id INT, n INT)',
  'CREATE USER rep',
  'GRANT SELECT ON shop.t TO rep',
  // Linux tells them apart.
  'CREATE TABLE shop.Orders (id INT)',
  'GRANT SELECT ON shop.Orders TO rep',
  'RENAME TABLE shop.Orders TO shop.orders',
  // As an upgrade drops tables of its own.
  'CREATE TABLE mysql.gone (id INT)',
  'GRANT SELECT ON mysql.gone TO rep',
  'DROP TABLE mysql.gone',
]
