import { join } from 'node:path'
import { expect, test } from 'vitest'
import { silentProgress } from '#core/progress'
import type { Session } from '#engine/session'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'
import { drillSnapshot } from '#workflow/restore/drill-snapshot'

const GENERAL = 'utf8mb4_general_ci'
const NEW = 'utf8mb4_0900_ai_ci'
const FUNCTION =
  '(a TEXT CHARSET utf8mb4) RETURNS VARCHAR(40) CHARSET utf8mb4 DETERMINISTIC RETURN a'

const made = (under: string): string[] => [
  `SET SESSION default_collation_for_utf8mb4 = ${under}`,
  `CREATE FUNCTION shop.f_${under} ${FUNCTION}`,
  `CREATE PROCEDURE shop.p_${under} (a TEXT CHARSET utf8mb4) SELECT a`,
  `CREATE FUNCTION shop.named_${under}
     (a TEXT CHARSET utf8mb4, b TEXT CHARSET utf8mb4 COLLATE ${GENERAL}) RETURNS INT DETERMINISTIC RETURN a = 'x'`,
  // Of its database: nothing has to be set for it.
  `CREATE FUNCTION shop.plain_${under} (a TEXT) RETURNS INT DETERMINISTIC RETURN a = 'x'`,
]

/** Of the session's database, and not of its own: where a parameter names no character set. */
const elsewhere = (database: string): string[] => [
  `CREATE FUNCTION shop.in_${database} (a TEXT, b VARCHAR(3) CHARSET utf8mb4, c ENUM('charset', 'x'))
     RETURNS VARCHAR(40) DETERMINISTIC RETURN COLLATION(a)`,
  `CREATE PROCEDURE shop.in_${database} (IN \`charset\` TEXT, OUT o CHAR(3) UNICODE) BEGIN DECLARE v TEXT; SET v = \`charset\`; END`,
  `CREATE FUNCTION shop.said_${database} (a TEXT CHARSET latin1) RETURNS INT DETERMINISTIC RETURN a = 'x'`,
]

const parameters = (session: Session): Promise<unknown[]> =>
  session.rows(
    `SELECT SPECIFIC_NAME, ORDINAL_POSITION, COLLATION_NAME FROM information_schema.PARAMETERS
      WHERE SPECIFIC_SCHEMA IN ('shop', 'fresh') ORDER BY 1, ROUTINE_TYPE, 2`,
  )

test.runIf(TEST_ENGINES.includes('mysql')).each([NEW, GENERAL])(
  'mysql: routines come back with the collation that they were made under, on a server that has %s',
  async now => {
    await withBackups('mysql', async ({ folder, place }) => {
      const was = await withServer('mysql', join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await session.run(`CREATE DATABASE shop COLLATE ${GENERAL}`)
        await session.run('USE shop')
        for (const sql of [...made(GENERAL), ...made(NEW)]) await session.run(sql)
        await session.run('CREATE DATABASE other CHARACTER SET latin1')
        for (const database of ['other', 'shop']) {
          await session.run(`USE ${database}`)
          for (const sql of elsewhere(database)) await session.run(sql)
        }
        // A database that has the newest by default gives its parameters the session's.
        for (const sql of ['CREATE DATABASE fresh', 'USE fresh']) await session.run(sql)
        for (const under of [GENERAL, NEW]) {
          await session.run(`SET SESSION default_collation_for_utf8mb4 = ${under}`)
          await session.run(
            `CREATE FUNCTION fresh.of_${under.slice(8, 10)} (a TEXT) RETURNS INT DETERMINISTIC RETURN a = 'x'`,
          )
        }
        await session.run(`SET GLOBAL default_collation_for_utf8mb4 = ${now}`)
        const found = await parameters(session)
        await session.close()
        expect((await place.report(server)).findings).toEqual([])
        return found
      })
      const drill = await drillSnapshot(place.drillOptions(), silentProgress())
      expect(drill.checks.filter(({ outcome }) => outcome === 'failed')).toEqual([])
      expect(drill.outcome).toBe('passed')
      await withServer('mysql', join(folder, 'target'), async (server, engine) => {
        await place.restore(server)
        const session = await engine.connect(server.administrator)
        expect(await parameters(session)).toEqual(was)
        await session.close()
      })
    })
  },
)
