import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withFolder } from '#test/temporary'

test.runIf(TEST_ENGINES.includes('mysql'))(
  'mysql: a routine that is made under another definer has the collations that it was made under',
  async () => {
    await withFolder(async folder => {
      await withServer('mysql', join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        for (const sql of [
          'CREATE DATABASE shop COLLATE utf8mb4_bin',
          'CREATE DATABASE other CHARACTER SET latin1',
          "CREATE USER leaver@'%'",
          "CREATE USER stays@'%'",
          'SET SESSION default_collation_for_utf8mb4 = utf8mb4_general_ci',
          'USE other',
          `CREATE DEFINER=leaver@'%' FUNCTION shop.f (a TEXT, b TEXT CHARSET utf8mb4)
             RETURNS INT DETERMINISTIC RETURN a = b`,
          'SET SESSION default_collation_for_utf8mb4 = DEFAULT',
        ])
          await session.run(sql)
        const parameters = () =>
          session.rows<{ collation: string | null }>(
            `SELECT COLLATION_NAME AS collation FROM information_schema.PARAMETERS
              WHERE SPECIFIC_SCHEMA = 'shop' ORDER BY ORDINAL_POSITION`,
          )
        const collations = [null, 'latin1_swedish_ci', 'utf8mb4_general_ci']
        expect((await parameters()).map(one => one.collation)).toEqual(collations)
        const objects = await engine.definerObjects.list(session, [{ user: 'leaver', host: '%' }])
        const done = await engine.definerObjects.rehome(session, objects, {
          ...{ user: 'stays', host: '%' },
        })
        expect(done).toMatchObject([{ name: 'f', failed: null }])
        expect((await parameters()).map(one => one.collation)).toEqual(collations)
        await session.close()
      })
    })
  },
)
