import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { EngineFamily } from '#domain/engine-family'
import { type BackupPlace, withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'

/** Names that each check has of what comes back otherwise. */
async function differences(
  family: EngineFamily,
  { folder, place }: { folder: string; place: BackupPlace },
  made: readonly string[],
  options: readonly string[] = [],
): Promise<unknown> {
  const source = async (...[server, engine]: Parameters<Parameters<typeof withServer>[2]>) => {
    const session = await engine.connect(server.administrator)
    for (const sql of made) await session.run(sql)
    await session.close()
    const { findings } = await place.report(server)
    expect(findings).toEqual([])
  }
  await withServer(family, join(folder, 'source'), source, options)
  return await withServer(
    family,
    join(folder, 'target'),
    async server => {
      const { outcome } = await place.restore(server)
      return outcome?.checks.filter(check => check.outcome === 'failed')
    },
    options,
  )
}

test.each(TEST_ENGINES)(
  '%s: a view over a view of distinct rows, whose function is named without its database',
  async family => {
    await withBackups(family, async where => {
      // The databases are read in their order, so that another one than the view's is the session's.
      const made = [
        'CREATE DATABASE shop',
        'CREATE DATABASE zz_last',
        'CREATE TABLE zz_last.t (id INT)',
        'USE shop',
        'CREATE TABLE orders (id INT PRIMARY KEY)',
        'INSERT INTO orders VALUES (1), (2)',
        'CREATE FUNCTION twice(x INT) RETURNS INT DETERMINISTIC RETURN x * 2',
        'CREATE VIEW doubled AS SELECT DISTINCT twice(id) AS n FROM orders',
        'CREATE VIEW over_it AS SELECT n FROM doubled WHERE n > 0',
      ]
      expect(await differences(family, where, made)).toEqual([])
    })
  },
)

test.each(TEST_ENGINES)(
  '%s: computed columns in a database whose name a server with its own names does not read',
  async family => {
    await withBackups(family, async where => {
      const made = [
        'SET NAMES utf8mb4',
        'CREATE DATABASE shop',
        'CREATE DATABASE `名`',
        'CREATE TABLE `名`.t (id INT PRIMARY KEY, n INT GENERATED ALWAYS AS (id + 1) STORED)',
        'INSERT INTO `名`.t (id) VALUES (1)',
      ]
      const own = ['--loose-skip-character-set-client-handshake', '--character-set-server=latin1']
      expect(await differences(family, where, made, own)).toEqual([])
    })
  },
)
