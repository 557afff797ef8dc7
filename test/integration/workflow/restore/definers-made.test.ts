import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'

const USERS = ['by_all', 'by_pattern', 'by_role', 'exact']

test.each(TEST_ENGINES)(
  '%s: of some databases: whom programs run as may do there what he might by grants on more',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      const role = family === 'mysql' ? 'reader@`%`' : 'reader'
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        for (const sql of [
          'CREATE DATABASE shop_eu',
          'CREATE DATABASE other',
          'CREATE TABLE shop_eu.orders (id INT PRIMARY KEY)',
          'CREATE TABLE shop_eu.seen (id INT AUTO_INCREMENT PRIMARY KEY, who VARCHAR(20))',
          `CREATE ROLE ${role}`,
          `GRANT INSERT ON shop_eu.* TO ${role}`,
          ...USERS.map(user => `CREATE USER ${user}@'%'`),
          "GRANT SELECT, INSERT, TRIGGER, PROCESS ON *.* TO by_all@'%'",
          "GRANT INSERT, TRIGGER ON `shop%`.* TO by_pattern@'%'",
          "GRANT TRIGGER ON shop_eu.* TO by_role@'%'",
          `GRANT ${role} TO by_role@'%'`,
          "GRANT INSERT, TRIGGER ON `shop\\_eu`.* TO exact@'%'",
          ...USERS.map(
            user =>
              `CREATE DEFINER = ${user}@'%' TRIGGER shop_eu.of_${user} AFTER INSERT ON shop_eu.orders FOR EACH ROW
               INSERT INTO shop_eu.seen (who) ${user === 'by_role' ? "SELECT 'never' FROM DUAL WHERE 1 = 0" : `VALUES ('${user}')`}`,
          ),
          "CREATE DEFINER = by_all@'%' VIEW shop_eu.v AS SELECT id FROM shop_eu.orders",
        ])
          await session.run(sql)
        await session.close()
        await place.report(server)
      })
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        const { findings, outcome } = await place.restore(server, {
          databases: ['shop_eu'],
          confirm: 'shop_eu',
        })
        expect(outcome?.checks.filter(one => one.outcome === 'failed')).toEqual([])
        expect(findings).toEqual([
          expect.stringMatching(/^programs run as 'by_all'@'%', 'by_role'@'%', made here with/),
        ])
        expect(findings[0]).toMatch(
          /PROCESS.* ON \*\.\* TO `by_all`@`%`.*GRANT `reader`(?:@`%`)? TO `by_role`/,
        )
        const session = await engine.connect(server.administrator)
        await session.run('DROP TRIGGER shop_eu.of_by_role')
        await session.run('INSERT INTO shop_eu.orders VALUES (1)')
        const seen = await session.rows('SELECT who FROM shop_eu.seen ORDER BY who')
        expect(seen.map(({ who }) => who)).toEqual(['by_all', 'by_pattern', 'exact'])
        const grants = await session.rows("SHOW GRANTS FOR by_all@'%'")
        const texts = grants.map(row => String(Object.values(row)[0]))
        expect(texts.filter(text => /PROCESS|INSERT[^\n]* ON \*/.test(text))).toEqual([])
        await session.close()
      })
    })
  },
)
