import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'

/** Of the source; the target has none. */
const OPTIONS = {
  mysql: ['--replica-skip-errors=1062', '--activate-all-roles-on-login=ON'],
  mariadb: ['--slave-skip-errors=1062'],
}

const MADE = {
  mysql: [
    "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.2', SOURCE_PORT = 1",
    'CREATE ROLE reader',
    "SET GLOBAL mandatory_roles = 'reader'",
  ],
  mariadb: ["CHANGE MASTER TO MASTER_HOST = '127.0.0.2', MASTER_PORT = 1"],
}

test.each(TEST_ENGINES)(
  '%s: what a server does otherwise by its settings alone, and which events ran, is told',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      const options = ['--innodb-ft-min-token-size=2', '--server-id=2', ...OPTIONS[family]]
      await withServer(
        family,
        join(folder, 'source'),
        async (server, engine) => {
          const session = await engine.connect(server.administrator)
          for (const sql of [
            'CREATE DATABASE shop',
            'CREATE TABLE shop.sold (id INT PRIMARY KEY, t VARCHAR(40), FULLTEXT KEY t (t))',
            "INSERT INTO shop.sold VALUES (1, 'ab lamp')",
            'CREATE TABLE shop.plain (id INT PRIMARY KEY)',
            'CREATE EVENT shop.nightly ON SCHEDULE EVERY 1 DAY DO DELETE FROM shop.plain',
            'CREATE EVENT shop.never ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM shop.plain',
            ...MADE[family],
          ])
            await session.run(sql)
          const { findings } = await place.report(server)
          expect(findings).toContainEqual(
            expect.stringMatching(/goes on behind errors \((replica|slave)_skip_errors = 1062\)/),
          )
          await session.run(
            family === 'mysql'
              ? "SET GLOBAL replica_exec_mode = 'IDEMPOTENT'"
              : "SET GLOBAL slave_exec_mode = 'IDEMPOTENT'",
          )
          const later = await place.report(server)
          expect(later.findings.join()).toMatch(/_exec_mode = IDEMPOTENT\)/)
          await session.close()
        },
        options,
      )
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        const { findings, notes } = await place.restore(server)
        expect(findings).toEqual([
          ...(family === 'mysql'
            ? [
                expect.stringMatching(
                  /^mandatory_roles was reader on .* is '' here, activate_all_roles_on_login was ON/,
                ),
              ]
            : []),
          expect.stringMatching(/innodb_ft_min_token_size was 2 .*: shop\.sold;/),
        ])
        expect(notes).toContainEqual(
          expect.stringMatching(/to run here: ALTER EVENT `shop`\.`nightly` ENABLE$/),
        )
        const session = await engine.connect(server.administrator)
        const search = "SELECT COUNT(*) FROM shop.sold WHERE MATCH (t) AGAINST ('ab')"
        expect(await session.value(search)).toBe('0')
        await session.close()
      })
    })
  },
)
