import { spawn } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { packageRoot } from '#core/paths'
import type { Session } from '#engine/session'
import { BackupPlace, withServer } from '#test/backed-up'
import { type CliResult, cliEnvironment, runEcomdb } from '#test/cli'
import { dyingAt, KILLED } from '#test/dying-at'
import { TEST_ENGINES } from '#test/engines'
import { writeConfig } from '#test/stored-repository'
import { makeFolder } from '#test/temporary'

// A restore that is killed, again and again, and continued: every row comes once, also where
// no key would refuse it twice.

/** Of 6 KB: tables of which each is more than one transaction of the restore, and some small ones. */
const ROWS = 8000

describe.each(TEST_ENGINES)('%s: ecomdb restore --resume', family => {
  let folder: string

  beforeAll(async () => {
    folder = await makeFolder()
    const place = await BackupPlace.make(join(folder, 'backup'), family)
    await withServer(family, join(folder, 'source'), async (server, engine) => {
      const session = await engine.connect(server.administrator)
      for (const sql of SHOP) await session.run(sql)
      await session.close()
      await place.backUp(server)
    })
    await writeConfig(join(folder, 'ecomdb.yaml'), place.path, place.config.trustedSigners, [
      `identity_files: [${place.identityFile}]`,
    ])
  })

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true })
  })

  const args = (socketPath: string, ...more: readonly string[]): string[] => [
    ...['restore', 'latest', '--confirm', 'shop', '--user', 'root', '--socket', socketPath],
    ...['-c', join(folder, 'ecomdb.yaml'), ...more],
  ]
  const env = () => ({ ECOMDB_STATE: join(folder, 'state') })
  const run = (socketPath: string, ...more: string[]): Promise<CliResult> =>
    runEcomdb(args(socketPath, ...more), { env: env() })

  /** Kills it when another transaction's rows are there, or tells that it was done before. */
  async function killed(
    session: Session,
    socketPath: string,
    more: readonly string[],
  ): Promise<boolean> {
    const before = await restoredRows(session)
    const child = spawn(join(packageRoot(), 'bin/ecomdb'), args(socketPath, ...more), {
      env: cliEnvironment(folder, env()),
      stdio: 'ignore',
    })
    const ended = new Promise<number | null>(resolve => child.once('close', resolve))
    while (child.exitCode === null && (await restoredRows(session)) === before) await sleep(50)
    child.kill('SIGKILL')
    return (await ended) === null
  }

  test('killed again and again: it continues, and every row is there once', async () => {
    await withServer(family, join(folder, 'target'), async (server, engine) => {
      const session = await engine.connect(server.administrator)
      const { socketPath } = server
      expect((await run(socketPath, '--resume')).status).toBe(2)
      let more: string[] = []
      let kills = 0
      for (let round = 0; round < 3; round += 1) {
        if (!(await killed(session, socketPath, more))) break
        kills += 1
        const refused = await run(socketPath)
        expect(refused.stderr).toContain('add --resume to continue it')
        more = ['--resume']
      }
      expect(kills).toBeGreaterThan(0)
      const other = await run(socketPath, '--resume', '--no-binlog')
      expect(other.stderr).toMatch(/this is not how the restore was begun|nothing to continue/)
      const done = await run(socketPath, ...more, '--json')
      if (done.status !== 2) {
        expect(done.status, done.stderr).toBe(0)
        expect(done.json().result.outcome.continuedRows).toBeGreaterThan(0)
      }
      for (const table of ['keyless', 'keyed']) {
        expect(await session.value(`SELECT COUNT(*) FROM shop.${table}`)).toBe(String(ROWS))
      }
      expect(await session.value("SHOW DATABASES LIKE 'ecomdb_restore'")).toBe(null)
      await session.close()
    })
  })

  test('killed before it made its database: it continues', async () => {
    await withServer(family, join(folder, 'empty'), async (server, engine) => {
      const session = await engine.connect(server.administrator)
      const dying = { ...env(), ...dyingAt('making databases and tables') }
      const begun = args(server.socketPath, '--progress=json')
      expect((await runEcomdb(begun, { env: dying })).status).toBe(KILLED)
      expect(await session.value("SHOW DATABASES LIKE 'ecomdb_restore'")).not.toBe(null)
      // It may have come so far in the moment before the signal.
      await session.run('DROP DATABASE IF EXISTS shop')
      const done = await run(server.socketPath, '--resume')
      expect(done.status, done.stderr).toBe(0)
      expect(await restoredRows(session)).toBe(2 * ROWS)
      await session.close()
    })
  })

  test('another server in the place of the one it was killed on keeps what it holds', async () => {
    const place = join(folder, 'again')
    await withServer(family, place, async (server, engine) => {
      const session = await engine.connect(server.administrator)
      expect(await killed(session, server.socketPath, [])).toBe(true)
      await session.close()
    })
    await rm(place, { recursive: true, force: true })
    await withServer(family, place, async (server, engine) => {
      const session = await engine.connect(server.administrator)
      await session.run('CREATE DATABASE shop')
      await session.run('CREATE TABLE shop.precious AS SELECT 7 AS n')
      const refused = await run(server.socketPath, '--resume')
      expect(refused.stderr).toContain('it is another server in the same place')
      expect(refused.stderr).toContain('shop holds 1 objects')
      expect(refused.status).toBe(2)
      expect(await session.value('SELECT n FROM shop.precious')).toBe('7')
      await session.run('DROP TABLE shop.precious')
      expect((await run(server.socketPath, '--resume')).status).toBe(0)
      await session.close()
    })
  })
})

async function restoredRows(session: Session): Promise<number> {
  let rows = 0
  for (const table of ['keyless', 'keyed']) {
    rows += Number(await session.value(`SELECT COUNT(*) FROM shop.${table}`).catch(() => 0))
  }
  return rows
}

const SHOP = [
  'CREATE DATABASE shop',
  'USE shop',
  'CREATE TABLE keyless (n INT, t TEXT)',
  `INSERT INTO keyless WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
     SELECT i, REPEAT(SHA2(RAND(), 512), 50) FROM n`,
  ...Array.from(
    { length: ROWS / 1000 - 1 },
    () =>
      'INSERT INTO keyless SELECT n, REPEAT(SHA2(CONCAT(n, RAND()), 512), 50) FROM keyless LIMIT 1000',
  ),
  'CREATE TABLE keyed (id INT AUTO_INCREMENT PRIMARY KEY, n INT, t TEXT, KEY by_n (n), KEY by_text (t(50), n))',
  'INSERT INTO keyed (n, t) SELECT n, t FROM keyless',
  'CREATE TABLE child (id INT PRIMARY KEY, k INT, CONSTRAINT fk FOREIGN KEY (k) REFERENCES keyed (id))',
  'INSERT INTO child VALUES (1, 1)',
  'CREATE VIEW v AS SELECT COUNT(*) FROM keyed',
  'CREATE FUNCTION f(n INT) RETURNS INT DETERMINISTIC RETURN n',
  'CREATE TRIGGER tr BEFORE INSERT ON child FOR EACH ROW SET NEW.k = f(NEW.k)',
  "CREATE EVENT ev ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO DELETE FROM child",
  "CREATE USER 'ann'@'%' IDENTIFIED BY 'Secret1'",
  "CREATE ROLE 'reader'",
  "GRANT SELECT ON shop.v TO 'reader'",
  "GRANT EXECUTE ON FUNCTION shop.f TO 'ann'@'%'",
]
