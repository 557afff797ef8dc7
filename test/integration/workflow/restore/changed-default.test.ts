import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Session } from '#engine/session'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'

/** Columns whose character set nobody wrote there, in tables that have another one by now. */
const TABLES = [
  'CREATE TABLE shop.was_latin (c VARCHAR(9)) CHARSET latin1',
  'ALTER TABLE shop.was_latin DEFAULT CHARSET utf8mb4',
  'CREATE TABLE shop.converted (c VARCHAR(9), d ENUM("a"))',
  'ALTER TABLE shop.converted CONVERT TO CHARACTER SET cp1251',
  'ALTER TABLE shop.converted DEFAULT CHARSET ucs2',
  "CREATE TABLE shop.selected AS SELECT _latin1'x' AS c, CONVERT('y' USING sjis) AS d",
]

const collations = (session: Session): Promise<unknown[]> =>
  session.rows(
    `SELECT TABLE_NAME, COLUMN_NAME, COLLATION_NAME FROM information_schema.COLUMNS
      WHERE TABLE_SCHEMA = 'shop' ORDER BY 1, 2`,
  )

test.each(TEST_ENGINES)('%s: tables whose default was changed come back', async family => {
  await withBackups(family, async ({ folder, place }) => {
    const was = await withServer(family, join(folder, 'source'), async (server, engine) => {
      const session = await engine.connect(server.administrator)
      for (const sql of ['CREATE DATABASE shop', ...TABLES]) await session.run(sql)
      const found = await collations(session)
      await session.close()
      await place.report(server)
      return found
    })
    await withServer(family, join(folder, 'target'), async (server, engine) => {
      await place.restore(server)
      const session = await engine.connect(server.administrator)
      expect(await collations(session)).toEqual(was)
      await session.close()
    })
  })
})
