import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import type { EngineFamily } from '#domain/engine-family'
import { quoteIdentifier } from '#engine/quote'
import type { Session } from '#engine/session'
import { withServer } from '#test/backed-up'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { fillOddServer, ODD_DATABASE } from '#test/odd-server'
import { serverValues } from '#test/server-values'
import { withBackups } from '#test/with-backups'
import { restoreSnapshot } from '#workflow/restore/restore-snapshot'

afterEach(() => {
  vi.unstubAllEnvs()
})

const ODD = quoteIdentifier(ODD_DATABASE)

test.each(SLOW_TEST_ENGINES)(
  '%s: a database or a table comes back beside the live one, which stays as it is',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(
        family,
        join(folder, 'server'),
        async (server, engine) => {
          const session = await engine.connect(server.administrator)
          await fillOddServer(session, family)
          for (const sql of temptations(family)) await session.run(sql)
          await place.backUp(server)
          const then = await serverValues(session)
          // What is lost is what one wants back; it must not come back into the live one.
          await session.run(`DROP TRIGGER ${ODD}.tempting`)
          await session.run(`DELETE FROM ${ODD}.keyless`)
          const live = await liveState(session)
          const access = await place.access()
          const restore = (options: object) =>
            restoreSnapshot(
              { ...RESTORE, ...options },
              access,
              { engine, connect: server.administrator },
              systemClock,
              silentProgress(),
            )
          const whole = await restore({
            databases: [ODD_DATABASE],
            into: 'be`side',
            confirm: 'be`side',
          })
          expect(failures(whole)).toEqual([])
          expect(whole.notes.join('\n')).toMatch(/left out: foreign keys of going_out to second/)
          const second = await restore({ databases: ['second'], into: 'zweite', confirm: 'zweite' })
          expect(failures(second)).toEqual([])
          expect(second.notes.join('\n')).toMatch(/procedure direct names second in its text/)
          const tables = [`${ODD_DATABASE}.children`, `${ODD_DATABASE}.keyless`]
          const part = await restore({ tables, into: 'part', confirm: 'part' })
          expect(failures(part)).toEqual([])
          expect(part.notes.join('\n')).toMatch(/left out: foreign keys of children to parents/)
          const now = await serverValues(session)
          expect(inDatabase(now, '`be``side`')).toEqual(inDatabase(then, ODD))
          expect(Object.keys(inDatabase(now, '`part`'))).toEqual(['children', 'keyless'])
          expect(now['`part`.`keyless`']).toEqual(then[`${ODD}.\`keyless\``])
          expect(await liveState(session)).toEqual(live)
          expect(await definersBeside(session)).toEqual([{ definer: 'root@localhost' }])
          // Its trigger, function and sequence are its own.
          await session.run("INSERT INTO `be``side`.keyless VALUES (5, 'n')")
          expect(await session.value('SELECT COUNT(*) FROM `be``side`.tempted')).toBe('1')
          expect(await session.value(`SELECT COUNT(*) FROM ${ODD}.tempted`)).toBe('0')
          await expect(restore({ tables, into: 'part', confirm: 'part' })).rejects.toMatchObject({
            code: 'TARGET_NOT_EMPTY',
          })
          await expect(restore({ into: 'third', confirm: 'third' })).rejects.toMatchObject({
            code: 'USAGE',
          })
          // What was lost comes back into the very server that it was dumped from, GTIDs and all.
          await session.run('SET SESSION foreign_key_checks = 0')
          const own = family === 'mysql' ? ['frozen'] : []
          for (const name of own) await session.run(`ALTER DATABASE ${name} READ ONLY = 0`)
          for (const name of [ODD, 'second', '`be``side`', 'part', 'zweite', ...own]) {
            await session.run(`DROP DATABASE ${name}`)
          }
          const again = await restore({ confirm: 'second' })
          expect(failures(again)).toEqual([])
          expect(await serverValues(session)).toEqual(then)
          await session.close()
        },
        GTIDS[family],
      )
    })
  },
)

test.each(SLOW_TEST_ENGINES)(
  '%s: programs of the copy that name other databases are told, aliases are not',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'server'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        for (const sql of OTHERS_NAMED) await session.run(sql)
        await place.backUp(server)
        for (const sql of ['CREATE DATABASE late', 'DROP DATABASE old']) await session.run(sql)
        const restore = (dryRun: boolean) =>
          place.restore(server, { databases: ['shop'], into: 'copy', confirm: 'copy', dryRun })
        const { notes } = await restore(true)
        expect(notes.filter(note => note.includes(' names ')).sort()).toEqual([
          'event e names crm in its text; that means the live database, and it runs once it is enabled in copy',
          'function f names crm in its text; that means the live database, and it is called from copy',
          'procedure p names crm, late, old in its text; that means the live databases, and it is called from copy; this server has no old',
          'trigger g names shop, crm in its text; that means the live databases, and it fires with every row that is written in copy',
          'view v names crm in its text; that means the live database, and it is read through copy',
          'view x names crm in its text; that means the live database, and it is read through copy',
        ])
        const report = await restore(false)
        expect(failures(report)).toEqual([])
        expect(report.notes).toEqual(notes)
        // What the note warns of.
        await session.run('INSERT INTO copy.t VALUES (1)')
        expect(await session.value('SELECT COUNT(*) FROM crm.t')).toBe('1')
        // Its view reads its own table, although MariaDB names the database where another one is read.
        await session.run('INSERT INTO shop.t VALUES (5)')
        await session.run('INSERT INTO crm.t VALUES (5)')
        expect(await session.value('SELECT GROUP_CONCAT(id) FROM copy.v')).toBe('1')
        expect(await session.value('SELECT GROUP_CONCAT(shop) FROM copy.x')).toBe('1')
        await session.close()
      })
    })
  },
)

const OTHERS_NAMED = [
  ...['shop', 'crm', 'old', 'o'].flatMap(name => [
    `CREATE DATABASE ${name}`,
    `CREATE TABLE ${name}.t (id INT PRIMARY KEY)`,
  ]),
  'USE shop',
  'CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW INSERT INTO crm.t SELECT COUNT(*) + 1 FROM shop.t',
  'CREATE FUNCTION f() RETURNS INT READS SQL DATA RETURN (SELECT MAX(id) FROM crm.t)',
  'CREATE PROCEDURE p() SELECT 1 FROM crm.t, old.t, late.t',
  'CREATE PROCEDURE alias() SELECT o.id FROM t o WHERE o.id IN (SELECT id FROM t /* crm.t */)',
  "CREATE EVENT e ON SCHEDULE AT '2037-01-01 00:00:00' DO DELETE FROM crm.t",
  'CREATE VIEW v AS SELECT a.id FROM t a JOIN crm.t b USING (id)',
  'CREATE VIEW w AS SELECT o.id FROM t o',
  'CREATE VIEW x AS SELECT shop.id AS shop FROM shop.t shop JOIN crm.t b USING (id)',
]

const GTIDS = {
  mysql: ['--log-bin=binlog', '--server-id=1', '--gtid-mode=ON', '--enforce-gtid-consistency=ON'],
  mariadb: ['--log-bin=binlog', '--server-id=1', '--gtid-strict-mode=ON'],
}

/** What would reach into the live database, were it taken as it is written. */
function temptations(family: EngineFamily): string[] {
  return [
    `USE ${ODD}`,
    'CREATE TABLE tempted (n INT)',
    `CREATE TRIGGER ${ODD}.\`tempting\` AFTER INSERT ON ${ODD} . \`keyless\` FOR EACH ROW INSERT INTO tempted VALUES (1)`,
    `CREATE TABLE going_out (id INT NOT NULL PRIMARY KEY, n INT,
       CONSTRAINT outside FOREIGN KEY (n) REFERENCES second.orders (order_id))`,
    'CREATE PROCEDURE second.direct() DELETE FROM second.other',
    ...(family === 'mariadb'
      ? ['CREATE VIEW next_of AS SELECT LASTVAL(numbering) AS n, twice(2) AS f']
      : ['CREATE VIEW next_of AS SELECT twice(2) AS f']),
  ]
}

async function liveState(session: Session): Promise<unknown> {
  const rows = inDatabase(await serverValues(session), ODD)
  const objects = await session.rows(
    `SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?
     UNION ALL SELECT TRIGGER_NAME, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?
     UNION ALL SELECT ROUTINE_NAME, ROUTINE_TYPE FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ?
     UNION ALL SELECT User, Host FROM mysql.user ORDER BY 1, 2`,
    [ODD_DATABASE, ODD_DATABASE, ODD_DATABASE],
  )
  return { rows, objects }
}

async function definersBeside(session: Session): Promise<unknown> {
  return await session.rows(
    `SELECT DEFINER AS definer FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'be\`side'
      UNION SELECT DEFINER FROM information_schema.VIEWS WHERE TABLE_SCHEMA = 'be\`side'
      UNION SELECT DEFINER FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'be\`side'`,
  )
}

/** The values of one database's tables, by their names. */
function inDatabase(values: Record<string, string[]>, schema: string): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([name]) => name.startsWith(`${schema}.`))
      .map(([name, rows]) => [name.slice(schema.length + 2, -1), rows]),
  )
}

function failures({ outcome }: Awaited<ReturnType<typeof restoreSnapshot>>): unknown {
  return outcome?.checks.filter(({ outcome: one }) => one === 'failed')
}

const RESTORE = {
  snapshot: 'latest',
  dryRun: false,
  startOver: false,
  binlog: true,
  services: [],
  connections: 2,
}
