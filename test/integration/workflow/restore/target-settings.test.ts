import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { silentProgress } from '#core/progress'
import { Secret } from '#core/secret'
import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'
import type { RunningServer } from '#engine/scratch-server'
import type { Session } from '#engine/session'
import { BackupPlace, withServer } from '#test/backed-up'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { expectSameAsBefore } from '#test/same-as-before'
import { withFolder } from '#test/temporary'
import { withBackups } from '#test/with-backups'
import { drillSnapshot } from '#workflow/restore/drill-snapshot'

test.each(SLOW_TEST_ENGINES)(
  '%s: functions that the server would refuse behind the rows are told before anything is made',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await session.run('SET GLOBAL log_bin_trust_function_creators = ON')
        for (const name of ['shop', 'plain']) {
          await session.run(`CREATE DATABASE ${name}`)
          await session.run(`CREATE FUNCTION ${name}.told() RETURNS INT NO SQL RETURN 1`)
        }
        await session.run("CREATE FUNCTION shop.untold() RETURNS INT COMMENT 'NO SQL' RETURN 1")
        await session.run('CREATE FUNCTION shop.fixed() RETURNS INT DETERMINISTIC RETURN 1')
        await session.run('CREATE PROCEDURE shop.free() DO 1')
        await session.close()
        await place.report(server)
      })
      const target = async (server: RunningServer, engine: Engine): Promise<void> => {
        const restore = (more: Parameters<BackupPlace['restore']>[1]) => place.restore(server, more)
        await expect(restore({})).rejects.toMatchObject({
          code: 'UNSUPPORTED',
          why: expect.stringMatching(/^1 say .* is OFF here: shop\.untold$/),
        })
        await restore({ databases: ['plain'], confirm: 'plain' })
        const session = await engine.connect(server.administrator)
        await session.run('SET GLOBAL log_bin_trust_function_creators = ON')
        await session.run('DROP DATABASE plain')
        await session.close()
        const all = await restore({})
        expect(all.outcome?.checks.filter(({ outcome }) => outcome === 'failed')).toEqual([])
      }
      await withServer(family, join(folder, 'target'), target, ['--log-bin=binlog'])
    })
  },
)

test.each(SLOW_TEST_ENGINES)(
  '%s: views that read a database which is not there are told before anything is made',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        for (const name of ['shop', 'crm', 'alone']) {
          await session.run(`CREATE DATABASE ${name}`)
          await session.run(`CREATE TABLE ${name}.t (id INT PRIMARY KEY, day DATE)`)
        }
        await session.run('CREATE FUNCTION crm.one() RETURNS INT DETERMINISTIC RETURN 1')
        await session.run(
          'CREATE VIEW shop.v AS SELECT a.id, b.day FROM shop.t a JOIN crm.t b USING (id)',
        )
        await session.run('CREATE VIEW shop.w AS SELECT crm.one() AS n')
        // Neither is a database: an alias, and a word in a text.
        await session.run(
          "CREATE VIEW alone.v AS SELECT EXTRACT(YEAR FROM crm.day) AS y, 'from `crm`.`t`' AS x FROM alone.t crm",
        )
        await session.close()
        await place.report(server)
      })
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        const restore = (...databases: string[]) =>
          place.restore(server, { databases, confirm: databases[0] ?? '' })
        await expect(restore('shop')).rejects.toMatchObject({
          code: 'UNSUPPORTED',
          why: '2 do so: shop.v (crm), shop.w (crm)',
        })
        await expect(
          place.restore(server, { databases: ['shop'], into: 'copy', confirm: 'copy' }),
        ).rejects.toMatchObject({ code: 'UNSUPPORTED', why: '2 do so: copy.v (crm), copy.w (crm)' })
        // There, and without what they read: in the end with what another server's has by that name.
        const session = await engine.connect(server.administrator)
        await session.run('CREATE DATABASE crm')
        await expect(restore('shop')).rejects.toMatchObject({
          why: '2 do so: shop.v (crm.t), shop.w (crm.one)',
          hints: expect.arrayContaining([expect.stringMatching(/with --databases crm as well/)]),
        })
        await session.run('CREATE TABLE crm.t (ID INT PRIMARY KEY, note TEXT)')
        await expect(restore('shop')).rejects.toMatchObject({
          why: '2 do so: shop.v (crm.t.day), shop.w (crm.one)',
        })
        await session.run('ALTER TABLE crm.t ADD COLUMN day DATE')
        await expect(restore('shop')).rejects.toMatchObject({
          why: '1 do so: shop.w (crm.one)',
          hints: expect.arrayContaining(['restore or make first what they read in crm']),
        })
        expect(
          await session.value(
            "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME IN ('shop', 'ecomdb_restore')",
          ),
        ).toBe('0')
        await session.run('DROP TABLE crm.t')
        await session.close()
        for (const databases of [['alone'], ['crm'], ['shop']]) {
          const { outcome } = await restore(...databases)
          expect(outcome?.checks.filter(one => one.outcome === 'failed')).toEqual([])
        }
        // In a drill the snapshot fails, and not the drill.
        const again = await engine.connect(server.administrator)
        for (const name of ['shop', 'crm']) await again.run(`DROP DATABASE ${name}`)
        await again.close()
        await expect(
          place.restore(server, { databases: ['shop'], inside: true }),
        ).rejects.toMatchObject({
          code: expect.stringMatching(/^(?:SERVER_REFUSED|SCHEMA_MISSING)$/),
        })
      })
    })
  },
)

test.each(SLOW_TEST_ENGINES)(
  '%s: databases whose names differ in case alone keep what is theirs, and PUBLIC its nothing',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        for (const name of ['shop', 'Shop']) {
          await session.run(`CREATE DATABASE ${name}`)
          await session.run(`CREATE TABLE ${name}.t (id INT PRIMARY KEY)`)
          await session.run(`CREATE PROCEDURE ${name}.p() SELECT '${name}'`)
        }
        await session.run('CREATE FUNCTION shop.f() RETURNS INT DETERMINISTIC RETURN 1')
        await session.run('CREATE TRIGGER Shop.g BEFORE INSERT ON Shop.t FOR EACH ROW SET @a = 1')
        await session.run("CREATE EVENT shop.e ON SCHEDULE AT '2037-01-01 00:00:00' DO DO 1")
        if (family === 'mariadb') {
          await session.run('GRANT SELECT ON shop.* TO PUBLIC')
          await session.run('REVOKE SELECT ON shop.* FROM PUBLIC')
        }
        await session.close()
        expect((await place.report(server)).programs).toBe(5)
      })
      const target = async (server: RunningServer, engine: Engine): Promise<void> => {
        const all = await place.restore(server)
        expectSameAsBefore(all)
        const session = await engine.connect(server.administrator)
        expect(JSON.stringify(await session.rows('CALL Shop.p()'))).toContain('"Shop":"Shop"')
        await session.close()
      }
      await withServer(family, join(folder, 'target'), target)
    })
  },
)

test.each(SLOW_TEST_ENGINES)(
  '%s: session accounts of the broker do not come back',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      const [session, author] = ['s_ann_0123456789ab', 's_annie_0123456789ab']
      // Of somebody else, though one of them looks like it.
      const others = ['s_ann_of_the_shop', 's_ann_202611290130']
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const root = await engine.connect(server.administrator)
        await root.run('CREATE DATABASE shop')
        await root.run("CREATE USER ecomdb_issuer@localhost IDENTIFIED BY 'Xx-1234567890-xX'")
        for (const name of [session, author, ...others]) {
          const limit = others.includes(name) ? '' : 'WITH MAX_USER_CONNECTIONS 3'
          await root.run(`CREATE USER ${name}@'10.0.0.1' IDENTIFIED BY 'Xx-1234567890-xX' ${limit}`)
        }
        for (const name of family === 'mariadb' ? [session, author] : []) {
          await root.run(`CREATE ROLE r${name}`)
          await root.run(`GRANT r${name} TO ecomdb_issuer@localhost WITH ADMIN OPTION`)
          await root.run(`GRANT r${name} TO ${name}@'10.0.0.1'`)
          await root.run(`SET DEFAULT ROLE r${name} FOR ${name}@'10.0.0.1'`)
        }
        await root.run('CREATE TABLE shop.t (id INT)')
        await root.run(`GRANT SELECT ON shop.* TO ${author}@'10.0.0.1'`)
        await root.run(`CREATE DEFINER = ${author}@'10.0.0.1' VIEW shop.v AS SELECT * FROM shop.t`)
        await root.close()
        await place.report(server)
      })
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        const { notes, outcome } = await place.restore(server)
        expect(notes.join()).toContain(
          `1 of the broker's session accounts not brought back: people log in anew (${session})`,
        )
        expect(outcome?.checks.filter(one => one.outcome === 'failed')).toEqual([])
        const root = await engine.connect(server.administrator)
        const names = await root.rows(
          "SELECT User AS name FROM mysql.user WHERE User LIKE '%ann%' OR User LIKE 'ecomdb_issuer'",
        )
        const roles = family === 'mariadb' ? [`r${author}`] : []
        const all = ['ecomdb_issuer', author, ...roles, ...others]
        expect(names.map(({ name }) => name).sort()).toEqual(all.sort())
        await root.close()
      })
    })
  },
)

test.each(SLOW_TEST_ENGINES)(
  '%s: while another restore runs, none is called interrupted, not by a dry run either',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await session.run('CREATE DATABASE shop')
        await session.run('CREATE TABLE shop.t (id INT PRIMARY KEY)')
        await session.run('INSERT INTO shop.t VALUES (1)')
        await session.close()
        await place.report(server)
      })
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        let told = false
        const engineWhile = {
          ...engine,
          logicalWriter: {
            ...engine.logicalWriter,
            // In the middle of the first restore its journal is there.
            open: async (options: Parameters<Engine['logicalWriter']['open']>[0]) => {
              for (const dryRun of [true, false]) {
                await expect(place.restore(server, { dryRun })).rejects.toMatchObject({
                  code: 'LOCKED',
                  what: 'cannot restore: another restore into this server runs',
                })
              }
              told = true
              return await engine.logicalWriter.open(options)
            },
          },
        }
        const { outcome } = await place.restore(server, {}, engineWhile)
        expectSameAsBefore({ outcome })
        expect(told).toBe(true)
      })
    })
  },
)

test.each(SLOW_TEST_ENGINES)(
  '%s: rows that are larger than max_allowed_packet come by local_infile; without it, it is told how',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      const source = async (server: RunningServer, engine: Engine): Promise<void> => {
        const session = await engine.connect(server.administrator)
        // Without a key its rows are one piece.
        for (const [name, key] of [
          ['shop', 'PRIMARY KEY'],
          ['mixed', ''],
        ] as const) {
          await session.run(`CREATE DATABASE ${name}`)
          await session.run(`CREATE TABLE ${name}.t (id INT ${key}, b LONGBLOB, c LONGTEXT)`)
        }
        const large = "REPEAT('a\\t', 150000), REPEAT('é', 100000)"
        await session.run(`INSERT INTO shop.t VALUES (1, ${large})`)
        await session.run(`INSERT INTO mixed.t VALUES (1, 'a', 'b'), (2, 'a', 'b'), (3, ${large})`)
        await session.close()
        await place.report(server)
      }
      await withServer(family, join(folder, 'source'), source, ['--max-allowed-packet=16M'])
      const target = async (server: RunningServer, engine: Engine): Promise<void> => {
        const session = await engine.connect(server.administrator)
        await session.run('SET GLOBAL local_infile = OFF')
        await expect(place.restore(server)).rejects.toMatchObject({
          code: 'UNSUPPORTED',
          why: expect.stringMatching(
            /^local_infile is OFF and max_allowed_packet is 262144 .*: shop\.t$/,
          ),
        })
        // Larger than the mean: that is found with the row.
        const mixed = { databases: ['mixed'], confirm: 'mixed' }
        await expect(place.restore(server, mixed)).rejects.toMatchObject({
          code: 'SERVER_REFUSED',
          why: expect.stringMatching(
            /statement of 650\d{3} bytes, and max_allowed_packet is 262144/,
          ),
          hints: expect.arrayContaining([
            expect.stringMatching(/^set max_allowed_packet to 1048576 /),
          ]),
        })
        await session.run('SET GLOBAL max_allowed_packet = 1048576')
        const { outcome } = await place.restore(server, { ...mixed, resume: true })
        expectSameAsBefore({ outcome })
        await session.run('DROP DATABASE mixed')
        await session.run('SET GLOBAL max_allowed_packet = 16384')
        await session.run('SET GLOBAL local_infile = ON')
        await session.close()
        const all = await place.restore(server)
        expectSameAsBefore(all)
      }
      await withServer(family, join(folder, 'target'), target, ['--max-allowed-packet=256K'])
    })
  },
)

test.each(SLOW_TEST_ENGINES)(
  '%s: a drill of a snapshot whose view reads what is not in it fails, and is attested',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        for (const name of ['shop', 'crm']) await session.run(`CREATE DATABASE ${name}`)
        await session.run('CREATE TABLE crm.t (id INT PRIMARY KEY)')
        await session.run('CREATE VIEW shop.v AS SELECT id FROM crm.t')
        await session.close()
        await place.report(server, ['shop'])
      })
      const { outcome, checks } = await drillSnapshot(place.drillOptions(), silentProgress())
      expect(outcome).toBe('failed')
      expect(checks[0]?.differences).toEqual([expect.stringMatching(/view `shop`\.`v`.*crm/)])
    })
  },
)

/** A source that nobody answers for: the replica asks again and again. */
const REPLICATE = {
  mysql: [
    "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = 9, SOURCE_USER = 'x'",
    'START REPLICA',
  ],
  mariadb: [
    "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 9, MASTER_USER = 'x'",
    'START SLAVE',
  ],
}

test.each(SLOW_TEST_ENGINES)(
  '%s: a server that takes nothing is told before a journal is written, and a replica is noted',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await session.run('CREATE DATABASE shop')
        await session.run('CREATE TABLE shop.t (id INT PRIMARY KEY)')
        await session.close()
        await place.report(server)
      })
      const target = async (server: RunningServer, engine: Engine): Promise<void> => {
        const session = await engine.connect(server.administrator)
        for (const sql of REPLICATE[family]) await session.run(sql)
        if (family === 'mysql') {
          await session.run('SET GLOBAL super_read_only = ON')
          for (const dryRun of [true, false]) {
            await expect(place.restore(server, { dryRun })).rejects.toMatchObject({
              code: 'UNSUPPORTED',
              why: expect.stringMatching(/^super_read_only is ON here/),
              hints: expect.arrayContaining(['nothing was changed']),
            })
          }
          await session.run('SET GLOBAL super_read_only = OFF')
        }
        const as = (user: string): RunningServer => ({
          ...server,
          administrator: { ...server.administrator, user, password: new Secret('Plain-Old-1') },
        })
        await session.run('SET GLOBAL read_only = OFF')
        await session.run("CREATE USER reader@localhost IDENTIFIED BY 'Plain-Old-1'")
        for (const rights of ['', 'GRANT SELECT ON *.* TO reader@localhost']) {
          if (rights) await session.run(rights)
          await expect(place.restore(as('reader'))).rejects.toMatchObject({
            code: 'PRIVILEGE_MISSING',
            hints: expect.arrayContaining([expect.stringMatching(/^restore as an administrator/)]),
          })
        }
        await session.run('SET GLOBAL read_only = ON')
        // Who is no administrator is refused when the restore begins: that leaves no journal either.
        await session.run("CREATE USER plain@localhost IDENTIFIED BY 'Plain-Old-1'")
        await session.run(
          'GRANT SELECT, CREATE, DROP, ALTER, INSERT, UPDATE, DELETE ON *.* TO plain@localhost',
        )
        await expect(place.restore(as('plain'))).rejects.toMatchObject({
          why: expect.stringMatching(/read-only option/),
          hints: ['nothing was changed'],
        })
        const { outcome, notes } = await place.restore(server)
        expectSameAsBefore({ outcome })
        expect(notes.filter(note => note.includes('replica'))).toEqual([
          expect.stringMatching(
            /^this server is a replica of 127\.0\.0\.1:9, and read_only, which .*: what is restored/,
          ),
        ])
        await session.run('DROP DATABASE shop')
        await session.run(family === 'mysql' ? 'STOP REPLICA' : 'STOP SLAVE')
        const alone = await place.restore(server)
        expect(alone.notes.filter(note => note.includes('replica'))).toEqual([])
        await session.close()
      }
      await withServer(family, join(folder, 'target'), target, ['--server-id=7'])
    })
  },
)

/** What a server may give to each session, and what a table or a program then is that says nothing of it. */
const UNSAID = {
  mysql: ["default_collation_for_utf8mb4 = 'utf8mb4_general_ci'"],
  mariadb: [
    "alter_algorithm = 'INSTANT'",
    "enforce_storage_engine = 'MyISAM'",
    'innodb_compression_default = ON',
    'innodb_default_encryption_key_id = 7',
  ],
}

test.each(SLOW_TEST_ENGINES)(
  "%s: a server's own settings give tables and programs nothing that they did not say",
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      const parameters = async (session: Session): Promise<unknown> =>
        await session.rows(
          "SELECT PARAMETER_NAME, COLLATION_NAME FROM information_schema.PARAMETERS WHERE SPECIFIC_SCHEMA = 'shop'",
        )
      let expected: unknown
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await session.run('CREATE DATABASE shop')
        await session.run('USE shop')
        await session.run('CREATE TABLE t (id INT PRIMARY KEY, n INT, KEY (n)) ENGINE = InnoDB')
        await session.run('INSERT INTO t VALUES (1, 2), (2, 1)')
        await session.run(
          "CREATE PROCEDURE p(IN a VARCHAR(9) CHARACTER SET utf8mb4) SELECT a = 'A', 'é'",
        )
        await session.run(
          "CREATE EVENT e ON SCHEDULE AT '2037-01-01 00:00:00' DO SELECT 'é' FROM t",
        )
        expected = await parameters(session)
        await session.close()
        await place.report(server)
      })
      const target = async (server: RunningServer, engine: Engine): Promise<void> => {
        const session = await engine.connect(server.administrator)
        const more = ["character_set_connection = 'ucs2'", "collation_connection = 'ucs2_bin'"]
        for (const setting of [...UNSAID[family], ...more])
          await session.run(`SET GLOBAL ${setting}`)
        const { outcome } = await place.restore(server)
        expectSameAsBefore({ outcome })
        expect(await parameters(session)).toEqual(expected)
        await session.close()
      }
      await withServer(family, join(folder, 'target'), target)
    })
  },
)

/** Built in where the source is, and not on this server: as MySQL 8.0's mysql_native_password on 9. */
const GONE: Record<EngineFamily, string> = {
  mysql: "UPDATE mysql.user SET plugin = 'mysql_native_password' WHERE User = 'old'",
  mariadb: `UPDATE mysql.global_priv SET Priv = JSON_SET(Priv, '$.plugin', 'mysql_gone_password') WHERE User = 'old'`,
}

test.each(SLOW_TEST_ENGINES)(
  '%s: accounts whose way in this server does not have are named before anything is made',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await session.run('CREATE DATABASE shop')
        await session.run('CREATE TABLE shop.t (id INT PRIMARY KEY)')
        await session.run("CREATE USER old@localhost IDENTIFIED BY 'Way-in-1234'")
        await session.run('GRANT SELECT ON shop.* TO old@localhost')
        await session.run(GONE[family])
        await session.run('FLUSH PRIVILEGES')
        await session.close()
        await place.report(server)
      })
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        await expect(place.restore(server)).rejects.toMatchObject({
          code: 'UNSUPPORTED',
          why: expect.stringMatching(/^mysql_\w+_password: 'old'@'localhost'$/),
          hints: expect.arrayContaining(['nothing was changed']),
        })
        const alone = await place.restore(server, { databases: ['shop'], confirm: 'shop' })
        expectSameAsBefore(alone)
        const session = await engine.connect(server.administrator)
        await session.run('DROP DATABASE shop')
        await session.run("CREATE USER old@localhost IDENTIFIED BY 'Way-in-1234'")
        await session.close()
        const all = await place.restore(server)
        expectSameAsBefore(all)
        expect(all.notes.join()).toMatch(/left as they are: .*account 'old'@'localhost'/)
      })
    })
  },
)

test.each(SLOW_TEST_ENGINES.filter(family => family === 'mysql'))(
  '%s: a server that would put all tables into its system tablespace is told before anything is made',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await session.run('CREATE DATABASE shop')
        await session.run('CREATE TABLE shop.t (id INT PRIMARY KEY)')
        await session.run('CREATE DATABASE shared')
        await session.run('CREATE TABLE shared.t (id INT) TABLESPACE innodb_system')
        await session.close()
        await place.report(server)
      })
      const target = async (server: RunningServer, engine: Engine): Promise<void> => {
        await expect(place.restore(server)).rejects.toMatchObject({
          code: 'UNSUPPORTED',
          why: expect.stringMatching(/^1 had a file each .* is OFF here: shop\.t$/),
        })
        await place.restore(server, { databases: ['shared'], confirm: 'shared' })
        const session = await engine.connect(server.administrator)
        await session.run('SET GLOBAL innodb_file_per_table = ON')
        await session.run('DROP DATABASE shared')
        await session.close()
        const { outcome } = await place.restore(server)
        expectSameAsBefore({ outcome })
      }
      await withServer(family, join(folder, 'target'), target, ['--innodb-file-per-table=OFF'])
    })
  },
)

if (SLOW_TEST_ENGINES.includes('mariadb')) {
  test('mariadb: a restore that was cut short with grants to PUBLIC starts over', async () => {
    await withFolder(async folder => {
      vi.stubEnv('ECOMDB_STATE', join(folder, 'state'))
      const place = await BackupPlace.make(join(folder, 'backup'), 'mariadb')
      const away = join(folder, 'away')
      let expected: string[] = []
      const may = ['--symbolic-links']
      const source = async (server: RunningServer, engine: Engine): Promise<void> => {
        const session = await engine.connect(server.administrator)
        await mkdir(away)
        await session.run('CREATE DATABASE shop')
        await session.run('CREATE ROLE reader')
        await session.run('GRANT SELECT ON shop.* TO PUBLIC')
        await session.run('GRANT reader TO PUBLIC')
        await session.run(
          `CREATE TABLE shop.t (i INT PRIMARY KEY) ENGINE = MyISAM INDEX DIRECTORY = '${away}'`,
        )
        expected = await grantsOfPublic(session)
        await session.close()
        await place.report(server)
      }
      await withServer('mariadb', join(folder, 'source'), source, may)
      const target = async (server: RunningServer, engine: Engine): Promise<void> => {
        const restore = (more: Parameters<BackupPlace['restore']>[1]) => place.restore(server, more)
        // The file of the source's table is in its way; grants come later.
        await expect(restore({})).rejects.toMatchObject({ code: 'SERVER_REFUSED' })
        const session = await engine.connect(server.administrator)
        await expect(restore({ startOver: true })).rejects.toMatchObject({ code: 'SERVER_REFUSED' })
        await session.run('GRANT PROCESS ON *.* TO PUBLIC')
        await rm(away, { recursive: true })
        await mkdir(away)
        const done = await restore({ startOver: true })
        expect(done.outcome?.checks.filter(({ outcome }) => outcome === 'failed')).toEqual([])
        expect(await grantsOfPublic(session)).toEqual(expected)
        await session.close()
      }
      await withServer('mariadb', join(folder, 'target'), target, may)
    })
  })
}

async function grantsOfPublic(session: Session): Promise<string[]> {
  const rows = await session.rows('SHOW GRANTS FOR PUBLIC')
  return rows.map(row => String(Object.values(row)[0])).sort()
}
