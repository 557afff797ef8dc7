import { join } from 'node:path'
import { expect, test } from 'vitest'
import { BackupPlace, withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withFolder } from '#test/temporary'

test.each(TEST_ENGINES)(
  '%s: a trigger on a column that is gone is told, and ends no restore',
  async family => {
    await withFolder(async folder => {
      const place = await BackupPlace.make(join(folder, 'backup'), family)
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        for (const sql of [
          'CREATE DATABASE shop',
          'USE shop',
          'CREATE TABLE archive (id INT PRIMARY KEY, old INT, total INT)',
          'CREATE TRIGGER uses_old BEFORE UPDATE ON archive FOR EACH ROW SET NEW.old = OLD.total',
          'CREATE TRIGGER uses_total BEFORE INSERT ON archive FOR EACH ROW SET NEW.total = NEW.id',
          "SET sql_mode = 'ANSI_QUOTES'",
          'CREATE TRIGGER quotes_old BEFORE DELETE ON archive FOR EACH ROW SET @was = `OLD`."old"',
          "SET sql_mode = ''",
          'ALTER TABLE archive DROP COLUMN old',
          // Names of databases, and none of the row.
          'CREATE DATABASE old',
          'CREATE TABLE old.orders (id INT)',
          'CREATE TABLE old.ids (id INT)',
          'CREATE TRIGGER old.keeps AFTER INSERT ON old.orders FOR EACH ROW INSERT INTO old.ids SELECT NEW.id FROM old.orders',
          'INSERT INTO archive (id) VALUES (7)',
        ]) {
          await session.run(sql)
        }
        await session.close()
        const told = (name: string, row: string): string =>
          expect.stringContaining(
            `trigger shop.${name} is invalid here, and will not come back until what it refers to does: archive has no column for ${row}.old`,
          )
        const { findings } = await place.report(server)
        expect(findings).toHaveLength(2)
        expect(findings).toContainEqual(told('uses_old', 'NEW'))
        expect(findings).toContainEqual(told('quotes_old', 'OLD'))
      })
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        const { outcome, findings } = await place.restore(server)
        expect(outcome?.checks.filter(check => check.outcome === 'failed')).toEqual([])
        expect(outcome?.warnings).toEqual([])
        // What it did is not done here.
        expect(findings).toHaveLength(2)
        expect(findings).toContainEqual(
          expect.stringMatching(/^trigger `shop`.`uses_old` was left out, .*old/),
        )
        const session = await engine.connect(server.administrator)
        const triggers = await session.rows('SHOW TRIGGERS FROM shop')
        expect(triggers.map(row => row['Trigger'])).toEqual(['uses_total'])
        await session.close()
      })
    })
  },
)
