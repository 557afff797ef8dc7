import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { EngineFamily } from '#domain/engine-family'
import { withServer } from '#test/backed-up'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'

const TABLES = [
  'CREATE TABLE shop.keyed (id INT PRIMARY KEY, t VARCHAR(255), KEY (t)) DEFAULT CHARSET utf8mb4',
  "INSERT INTO shop.keyed VALUES (1, 'a'), (2, 'b')",
  'CREATE TABLE shop.large (id INT PRIMARY KEY, t LONGTEXT)',
  "INSERT INTO shop.large VALUES (1, REPEAT('x', 100000)), (2, REPEAT('y', 100000))",
  'CREATE TABLE shop.unsafe (id INT PRIMARY KEY, t LONGTEXT) ENGINE=MyISAM',
  "INSERT INTO shop.unsafe VALUES (1, REPEAT('z', 100000))",
]

test.each(SLOW_TEST_ENGINES)(
  '%s: what would end a restore in its middle is told before it begins',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        for (const sql of ['CREATE DATABASE shop', ...TABLES]) await session.run(sql)
        await session.close()
        await place.report(server)
      })
      await withServer(
        family,
        join(folder, 'target'),
        async (server, engine) => {
          const session = await engine.connect(server.administrator)
          const there = (): Promise<string | null> =>
            session.value(
              "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME IN ('shop', 'ecomdb_restore')",
            )
          const refusal = async (): Promise<unknown> =>
            await place.restore(server).catch((error: unknown) => error)
          await session.run('SET GLOBAL innodb_default_row_format = REDUNDANT')
          expect(await refusal()).toMatchObject({
            code: 'UNSUPPORTED',
            why: expect.stringMatching(/dynamic on the source and is redundant here/),
          })
          await session.run('SET GLOBAL innodb_default_row_format = DYNAMIC')
          for (const [name, table] of [
            ['max_binlog_cache_size', 'large'],
            ['max_binlog_stmt_cache_size', 'unsafe'],
          ]) {
            const was = await session.value(`SELECT CAST(@@GLOBAL.${name} AS CHAR)`)
            await session.run(`SET GLOBAL ${name} = 65536`)
            const error = await refusal()
            expect(error).toMatchObject({
              code: 'UNSUPPORTED',
              why: expect.stringContaining(`${name} is 65536 here`),
            })
            expect((error as Error).message).toContain(`: \`shop\`.\`${table}\``)
            expect(await there()).toBe('0')
            await session.run(`SET GLOBAL ${name} = ${was}`)
          }
          await session.run('SET GLOBAL max_binlog_cache_size = 65536')
          await place.restore(server, { binlog: false })
          expect(await there()).toBe('1')
          await session.close()
        },
        ['--log-bin=binlog', '--server-id=5'],
      )
    })
  },
)

/** What refuses which table of the odd ones below, set where the server starts. */
const AT_START: Readonly<Record<EngineFamily, readonly (readonly [string, string])[]>> = {
  mysql: [['disabled_storage_engines=ARCHIVE,MyISAM', '`shop`.`unsafe`']],
  mariadb: [
    ['innodb_force_primary_key=ON', '`shop`.`keyless`'],
    ['secure_timestamp=YES', '`shop`.`versioned`'],
    ['mysql56_temporal_format=OFF', '`shop`.`versioned`'],
  ],
}

const ODD: Readonly<Record<EngineFamily, readonly string[]>> = {
  mysql: TABLES,
  mariadb: [
    'CREATE TABLE shop.keyless (a INT, UNIQUE (a))',
    'CREATE TABLE shop.keyed (a INT NOT NULL, UNIQUE (a))',
    'CREATE SEQUENCE shop.numbering',
    'CREATE TABLE shop.implicit (a INT PRIMARY KEY) WITH SYSTEM VERSIONING',
    `CREATE TABLE shop.versioned (a INT PRIMARY KEY, s TIMESTAMP(6) GENERATED ALWAYS AS ROW START,
       e TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING`,
    'INSERT INTO shop.versioned (a) VALUES (1)',
  ],
}

test.each(SLOW_TEST_ENGINES)(
  '%s: a server that refuses tables of the source says which before it begins',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        for (const sql of ['CREATE DATABASE shop', ...ODD[family]]) await session.run(sql)
        await session.close()
        await place.report(server)
      })
      for (const [setting, table] of AT_START[family]) {
        await withServer(
          family,
          join(folder, 'target'),
          async (server, engine) => {
            const error = await place.restore(server).catch((one: unknown) => one)
            const why = new RegExp(`^${setting.replace('=', ' is ')} here: ${table}$`)
            expect(error).toMatchObject({ code: 'UNSUPPORTED', why: expect.stringMatching(why) })
            const session = await engine.connect(server.administrator)
            expect(await session.rows("SHOW DATABASES LIKE 'shop'")).toEqual([])
            await session.close()
          },
          [`--${setting}`],
        )
      }
    })
  },
)
