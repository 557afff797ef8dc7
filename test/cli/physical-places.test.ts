import { existsSync } from 'node:fs'
import { mkdir, open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { requireOwnFolder } from '#engine/mariadb/own-folder'
import { TEST_ENGINES } from '#test/engines'
import { LoggedShop, startLogged } from '#test/logged-shop'
import { withFolder } from '#test/temporary'

const FULL = ['backup', 'physical', '--json']

test.each(TEST_ENGINES)('%s: a system tablespace whose files have other names', family =>
  withFolder(async folder => {
    const shop = await LoggedShop.make(family, folder)
    try {
      if (family === 'mysql') await shop.run("INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
      await shop.engine.scratchServers.stop(shop.source.folder)
      const data = join(shop.source.folder, 'data')
      await rename(join(data, 'ibdata1'), join(data, 'ibsystem01'))
      await shop.restart('--innodb-data-file-path=ibsystem01:12M;more:4M:autoextend')
      await shop.run(
        'CREATE DATABASE bank',
        'SET GLOBAL innodb_file_per_table = OFF',
        'CREATE TABLE bank.t (id INT PRIMARY KEY, note CHAR(200)) ENGINE = InnoDB',
        'INSERT INTO bank.t VALUES (1, "a")',
      )
      for (const args of family === 'mysql' ? [FULL] : [FULL, [...FULL, '--incremental=latest']]) {
        const made = await shop.ecomdb(args)
        expect(made.status, made.stderr).toBe(0)
      }
      const drilled = await shop.ecomdb(['drill', '--json'])
      expect(drilled.status, drilled.stdout).toBe(0)
      const into = join(folder, 'restored')
      const restored = await shop.ecomdb(['restore', 'latest', '--data-dir', into, '--json'])
      expect(restored.status, restored.stdout).toBe(0)
      const file = await open(join(into, 'more'), 'r+')
      await file.write(Buffer.from('rot'), 0, 3, 100)
      await file.close()
      const settings = { innodb_data_file_path: 'ibsystem01:12M;more:4M:autoextend' }
      const { problems } = await shop.engine.physicalBackups.checkPages(into, settings)
      expect(problems).toEqual([expect.stringMatching(/^more: /)])
    } finally {
      await shop.stop()
    }
  }),
)

test.each(TEST_ENGINES)('%s: a redo log in a folder of its own is told by the restore', family =>
  withFolder(async folder => {
    const shop = await LoggedShop.make(family, folder)
    try {
      if (family === 'mysql') await shop.run("INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
      await shop.engine.scratchServers.stop(shop.source.folder)
      const redo = join(folder, 'redo')
      await mkdir(redo)
      const log = family === 'mysql' ? '#innodb_redo' : 'ib_logfile0'
      await rename(join(shop.source.folder, 'data', log), join(redo, log))
      await shop.restart(`--innodb-log-group-home-dir=${redo}`)
      const made = await shop.ecomdb(FULL)
      expect(made.status, made.stderr).toBe(0)
      const restored = await shop.ecomdb(['restore', 'latest', '--data-dir', join(folder, 'new')])
      expect(restored.status, restored.stderr).toBe(3)
      expect(restored.stdout).toContain(`innodb_log_group_home_dir = ${redo}: a server that`)
      expect(restored.stdout).toMatch(new RegExp(`remove \\S*${log}.* there`))
      const drilled = await shop.ecomdb(['drill', '--json'])
      expect(drilled.status, drilled.stdout).toBe(0)
    } finally {
      await shop.stop()
    }
  }),
)

describe.runIf(TEST_ENGINES.includes('mariadb'))('mariadb', () => {
  test('a system tablespace of two files, one of them by its whole path, is drilled by its own copy', () =>
    withFolder(async folder => {
      const first = join(folder, 'source/data/ibdata1')
      const files = `--innodb-data-file-path=${first}:12M;ibdata2:4M:autoextend`
      const shop = await LoggedShop.make('mariadb', folder, ['--innodb-data-home-dir=', files])
      try {
        await shop.run(
          'SET GLOBAL innodb_file_per_table = OFF',
          'CREATE DATABASE bank',
          'CREATE TABLE bank.t (id INT PRIMARY KEY, note CHAR(200)) ENGINE = InnoDB',
          "INSERT INTO bank.t SELECT seq, 'x' FROM bank.seq_1_to_40000",
        )
        const made = await shop.ecomdb(FULL)
        expect(made.status, made.stderr).toBe(0)
        await shop.run('DROP TABLE bank.t')
        // Once while the source has its files open, and once when nothing keeps another server from them.
        for (const stop of [false, true]) {
          if (stop) await shop.engine.scratchServers.stop(shop.source.folder)
          const drilled = await shop.ecomdb(['drill', '--json'])
          expect(drilled.status, drilled.stdout).toBe(0)
          const { checks } = drilled.json().result
          expect(checks).toContainEqual(
            expect.objectContaining({
              name: 'tables',
              summary: expect.stringContaining('40,000 rows'),
            }),
          )
        }
      } finally {
        await shop.stop()
      }
    }))

  test('a data directory that is another server’s is told by its last checkpoint', () =>
    withFolder(async folder => {
      const shop = await LoggedShop.make('mariadb', folder)
      const other = await startLogged(shop.engine, join(folder, 'other'))
      const session = await shop.engine.connect(shop.source.administrator)
      try {
        // Both begin with the same files: what was written since tells them apart.
        await shop.run(
          'CREATE DATABASE bank',
          'CREATE TABLE bank.t (id INT PRIMARY KEY) ENGINE = InnoDB',
          'INSERT INTO bank.t VALUES (1)',
          'SET GLOBAL innodb_log_checkpoint_now = ON',
        )
        await requireOwnFolder(session, join(shop.source.folder, 'data'))
        await expect(requireOwnFolder(session, join(other.folder, 'data'))).rejects.toMatchObject({
          code: 'UNSUPPORTED',
          what: expect.stringContaining('not those of the server that answers'),
        })
      } finally {
        await session.close()
        await shop.engine.scratchServers.remove(other.folder)
        await shop.stop()
      }
    }))
})

describe.runIf(TEST_ENGINES.includes('mysql'))('mysql', () => {
  test('a log that puts a table elsewhere brings it into the data directory, and that is said', () =>
    withFolder(async folder => {
      const away = join(folder, 'away')
      await mkdir(away)
      const shop = await LoggedShop.make('mysql', folder, [`--innodb-directories=${away}`])
      try {
        await shop.run("INSTALL PLUGIN clone SONAME 'mysql_clone.so'", 'CREATE DATABASE bank')
        const made = await shop.ecomdb(FULL)
        expect(made.status, made.stderr).toBe(0)
        await shop.run(
          `CREATE TABLE bank.t (id INT) PARTITION BY HASH (id) (PARTITION a DATA DIRECTORY = '${away}')`,
          'INSERT INTO bank.t VALUES (1), (2)',
        )
        const once = await shop.ecomdb(['backup', 'binlog', '--once'])
        expect(once.status, once.stderr).toBe(0)
        const gtids = (await shop.value('SELECT @@GLOBAL.gtid_executed')) ?? ''
        const data = join(folder, 'restored')
        const ended = await shop.ecomdb(['restore', '--data-dir', data, '--gtid', gtids])
        expect(ended.status, ended.stderr).toBe(3)
        expect(ended.stdout).toContain('FINDING: the log puts tables elsewhere')
        expect(existsSync(join(data, 'bank/t#p#a.ibd'))).toBe(true)
      } finally {
        await shop.stop()
      }
    }))

  test('a general tablespace beside the data directory is refused by name', () =>
    withFolder(async folder => {
      const away = join(folder, 'away')
      await mkdir(away)
      const shop = await LoggedShop.make('mysql', folder, [`--innodb-directories=${away}`])
      try {
        await shop.run(
          "INSTALL PLUGIN clone SONAME 'mysql_clone.so'",
          "CREATE TABLESPACE beside ADD DATAFILE '../../away/beside.ibd'",
          'CREATE DATABASE bank',
          'CREATE TABLE bank.t (id INT PRIMARY KEY) TABLESPACE beside',
        )
        const refused = await shop.ecomdb(FULL)
        expect(refused.status).toBe(78)
        expect(refused.json().error?.why).toContain('away/beside.ibd')
      } finally {
        await shop.stop()
      }
    }))
})
