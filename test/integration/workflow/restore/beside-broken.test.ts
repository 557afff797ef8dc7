import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'

test.each(TEST_ENGINES)(
  '%s: a view that did not answer on the source does not end a restore beside it',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'server'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        for (const sql of BROKEN) await session.run(sql)
        await place.backUp(server)
        const options = { databases: ['shop'], into: 'copy', confirm: 'copy' }
        const report = await place.restore(server, options)
        const checks = report.outcome?.checks ?? []
        expect(checks.filter(({ outcome }) => outcome === 'failed')).toEqual([])
        expect(checks.find(({ name }) => name === 'views')?.summary).toMatch(
          /^4 views; left out, .*columnless.*tableless/,
        )
        // They read the copy's table, and not the live one.
        await session.run('INSERT INTO shop.t VALUES (7)')
        for (const view of ['orphan', 'joined', 'above', 'whole']) {
          expect(await session.value(`SELECT COUNT(*) FROM copy.${view}`), view).toBe('0')
        }
        await session.close()
      })
    })
  },
)

const BROKEN = [
  ...['CREATE DATABASE shop', 'USE shop', 'CREATE TABLE t (id INT PRIMARY KEY, gone INT)'],
  ...[
    'CREATE FUNCTION f(n INT) RETURNS INT NO SQL RETURN n',
    'CREATE USER ada',
    'GRANT SELECT, EXECUTE ON shop.* TO ada',
  ],
  'CREATE DEFINER = ada VIEW orphan AS SELECT id FROM t',
  `CREATE DEFINER = ada VIEW joined AS SELECT a.id, (SELECT MAX(t.id) FROM t WHERE t.id < a.id) AS m, f(b.id) AS f, '\`shop\`.' AS s
     FROM t a JOIN t b USING (id) LEFT JOIN orphan o ON o.id = a.id WHERE a.id IN (SELECT shop.t.id FROM shop.t) GROUP BY a.id, b.id HAVING COUNT(*) > 0 ORDER BY b.id`,
  'CREATE VIEW above AS SELECT id FROM orphan',
  'CREATE VIEW columnless AS SELECT gone FROM t',
  'CREATE VIEW whole AS SELECT id FROM t',
  'CREATE TABLE other (id INT)',
  'CREATE VIEW tableless AS SELECT id FROM other',
  ...['DROP USER ada', 'DROP TABLE other', 'ALTER TABLE t DROP COLUMN gone'],
]
