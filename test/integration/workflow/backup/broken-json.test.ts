import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'

test.runIf(TEST_ENGINES.includes('mysql'))(
  'mysql: JSON whose text is none is named, with how to find its rows',
  async () => {
    await withBackups('mysql', async ({ folder, place }) => {
      await withServer('mysql', join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        for (const sql of [
          'CREATE DATABASE shop',
          'CREATE TABLE shop.t (id INT PRIMARY KEY, `j s` JSON, k JSON)',
          "INSERT INTO shop.t VALUES (1, JSON_ARRAY(CAST('é' AS CHAR CHARACTER SET utf16)), '[]'), (2, '[\"é\"]', NULL)",
        ])
          await session.run(sql)
        const error = await place.report(server).catch((one: unknown) => one)
        expect(error).toMatchObject({
          code: 'UNSUPPORTED',
          what: expect.stringContaining('table shop.t cannot be backed up'),
        })
        const { hints } = error as { hints: string[] }
        const where = /WHERE (.*): write/.exec(hints[0] ?? '')?.[1]
        expect(await session.value(`SELECT GROUP_CONCAT(id) FROM shop.t WHERE ${where}`)).toBe('1')
        await session.run("UPDATE shop.t SET `j s` = JSON_ARRAY('é') WHERE id = 1")
        await session.close()
        expect((await place.report(server)).findings).toEqual([])
      })
    })
  },
)
