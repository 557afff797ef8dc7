import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Session } from '#engine/session'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'

const CLIENTS = ['utf8mb4', 'utf8mb3', 'latin1', 'cp1251']

test.each(TEST_ENGINES)(
  '%s: literals of other character sets in views come back byte for byte',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      const before = await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await session.run('CREATE DATABASE shop')
        await session.run('USE shop')
        for (const client of CLIENTS) {
          await session.run(`SET NAMES ${client}`)
          await session.run(`CREATE VIEW v_${client} AS SELECT ${LITERALS.join(', ')}`)
        }
        // Neither engine reads what it has made of it, and MariaDB calls it a table then.
        await session.run('SET NAMES gbk')
        await session.run(
          "CREATE VIEW broken AS SELECT _sjis x'835C' AS e, _binary x'E9275C00' AS g, _latin1 x'C3A927' AS h",
        )
        await session.run('SET NAMES utf8mb4')
        const bytes = await bytesOf(session)
        await session.close()
        expect((await place.report(server)).findings).toEqual([
          expect.stringContaining('view shop.broken is invalid here'),
        ])
        return bytes
      })
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        const { outcome } = await place.restore(server)
        expect(outcome?.checks.filter(check => check.outcome === 'failed')).toEqual([])
        const session = await engine.connect(server.administrator)
        expect(await bytesOf(session)).toEqual(before)
        await session.close()
      })
    })
  },
)

const LITERALS = [
  "_utf8mb4 x'C3A9' AS a",
  "_cp1251 x'E9' AS b",
  "_latin1 x'E9' COLLATE latin1_bin AS c",
  "_gbk x'B15C' AS d",
  "_utf16 x'00E9' AS f",
  "_binary x'E9275C00' AS g",
  "_latin1 x'C3A927' AS h",
  "_ucs2 x'005C0027' AS k",
  "'x?' AS i",
]

async function bytesOf(session: Session): Promise<unknown[]> {
  const found: unknown[] = []
  for (const client of CLIENTS) {
    found.push(
      ...(await session.rows(
        `SELECT HEX(a), HEX(b), HEX(c), HEX(d), HEX(f), HEX(g), HEX(h), HEX(k), HEX(i), COLLATION(c) FROM shop.v_${client}`,
      )),
    )
  }
  expect(found).toHaveLength(CLIENTS.length)
  return found
}
