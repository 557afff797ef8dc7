import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { expect, test } from 'vitest'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'

test.each(TEST_ENGINES)(
  '%s: programs that a client made with several statements at once come back',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async server => {
        const { socketPath, user } = server.administrator
        const client = await createConnection({ socketPath, user, multipleStatements: true })
        await client.query(PROGRAMS.join(';\n'))
        await client.end()
        await place.report(server)
      })
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        const { outcome } = await place.restore(server)
        expect(outcome?.checks.filter(check => check.outcome === 'failed')).toEqual([])
        const session = await engine.connect(server.administrator)
        await session.run('INSERT INTO shop.t VALUES (1)')
        expect(await session.value('SELECT shop.f() + @a')).toBe('3')
        await session.close()
      })
    })
  },
)

const PROGRAMS = [
  'CREATE DATABASE shop; USE shop; CREATE TABLE t (a INT)',
  'CREATE TRIGGER i BEFORE INSERT ON t FOR EACH ROW SET @a = 1',
  'CREATE TRIGGER u BEFORE UPDATE ON t FOR EACH ROW BEGIN SET @a = 1; END',
  'CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 2 /* two */ ',
  'CREATE PROCEDURE p() SELECT 1 -- one\n',
  'CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO SET @a = 1',
  'DO 0',
]
