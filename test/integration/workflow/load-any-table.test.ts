import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import type { LoadSession } from '#engine/loader'
import { TEST_ENGINES } from '#test/engines'
import { withDatabase } from '#test/servers'
import { withFolder } from '#test/temporary'
import { loadFiles } from '#workflow/load-files'

/** Every kind of column that load takes, under a name that needs quoting, with a key of two. */
const ODD_TABLE = `
  CREATE TABLE \`odd \`\`table\` (
    region CHAR(4) CHARACTER SET latin1 NOT NULL,
    day DATE NOT NULL,
    tiny TINYINT UNSIGNED, small SMALLINT(5) ZEROFILL, big BIGINT UNSIGNED,
    price DECIMAL(10,3) UNSIGNED, ratio FLOAT, exact_ratio DOUBLE,
    at DATETIME(3), stamp TIMESTAMP NULL, span TIME(1), made YEAR,
    colour ENUM('red','it''s','Grün'), sizes SET('S','M','L'),
    short_text VARCHAR(5), long_text TEXT, \`select\` INT DEFAULT 7,
    doubled INT AS (tiny * 2) STORED,
    PRIMARY KEY (day, region)
  ) DEFAULT CHARACTER SET utf8mb4`

const HEADER =
  'region,day,tiny,small,big,price,ratio,exact_ratio,at,stamp,span,made,colour,sizes,short_text,long_text'
const ROWS = [
  'de,2013-01-01,255,7,18446744073709551615,0.1,0.1,0.1,2013-01-01 10:00:00.5,2013-01-01 10:00:00,-01:02:03.4,2013,red,"L,S",äöü🧸x,"a\tb\\c\n""d"""',
  'de,2013-01-02,,,,,,,,,,,,,,',
  'DE2 ,2013-01-02,0,0,0,1234567.891,123456.789,1e-300,1000-01-01,1970-01-01 00:00:01,838:59:59,1901,IT\'S,"",,NULL',
  'fr,2013-01-01,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,"NULL"',
]

test.each(TEST_ENGINES)('%s: any table, either way in, and again', async family => {
  await withDatabase(family, async ({ engine, server, session, database }) => {
    await withFolder(async folder => {
      await session.run(ODD_TABLE)
      const file = join(folder, 'odd.csv')
      await writeFile(file, `${HEADER}\n${ROWS.join('\n')}`)
      const connect = { ...server.administrator, database }
      const rejectsFile = join(folder, 'rejects.csv')
      const load = async (files: string[], method?: LoadSession['method']) =>
        await loadFiles(
          method === 'insert' ? { open: insertOnly } : engine.loader,
          connect,
          { files, onConflict: 'reject', dryRun: false, rejectsFile },
          { progress: silentProgress(), clock: systemClock },
        )
      const insertOnly: typeof engine.loader.open = async (options, how) =>
        Object.assign(await engine.loader.open(options, how), { method: 'insert' })
      const contents = async () =>
        await session.rows('SELECT * FROM `odd ``table` ORDER BY day, region')

      expect(await load([file])).toMatchObject({ loaded: 4, rejected: 0, method: 'local_infile' })
      const byFile = await contents()
      expect(byFile[0]).toMatchObject({
        region: 'de',
        price: '0.100',
        at: '2013-01-01 10:00:00.500',
        sizes: 'S,L',
        short_text: 'äöü🧸x',
        long_text: 'a\tb\\c\n"d"',
        select: 7,
        doubled: 510,
      })
      expect(await load([file])).toMatchObject({ loaded: 0, present: 4, rejected: 0 })

      await session.run('TRUNCATE `odd ``table`')
      expect(await load([file], 'insert')).toMatchObject({
        loaded: 4,
        rejected: 0,
        method: 'insert',
      })
      expect(await contents()).toEqual(byFile)

      // The careful way: one row is there, one differs, one does not fit its character set.
      await session.run('DELETE FROM `odd ``table` WHERE region = ?', ['fr'])
      const more = join(folder, 'more.csv')
      await writeFile(
        more,
        `${HEADER}\n${ROWS.join('\n').replace('255', '254')}\n🧸,2013-01-01${',NULL'.repeat(14)}\nit,2013-01-01${',NULL'.repeat(14)}`,
      )
      expect(await load([more])).toMatchObject({ loaded: 2, present: 2, rejected: 2 })
      const rejects: Record<string, string>[] = parse(await readFile(rejectsFile), {
        columns: true,
      })
      expect(rejects.map(r => [r['line'], r['reason']])).toEqual([
        ['2', 'another row has this day, region; they differ in tiny'],
        [
          '7',
          expect.stringMatching(
            /^the server refused it: .*(Incorrect string value|Cannot convert)/,
          ),
        ],
      ])
    })
  })
})
