import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { silentProgress } from '#core/progress'
import type { Session } from '#engine/session'
import { withServer } from '#test/backed-up'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'
import { drillSnapshot } from '#workflow/restore/drill-snapshot'

const BERLIN = [
  "INSERT INTO mysql.time_zone (Time_zone_id, Use_leap_seconds) VALUES (1, 'N')",
  "INSERT INTO mysql.time_zone_name (Name, Time_zone_id) VALUES ('Europe/Berlin', 1)",
  `INSERT INTO mysql.time_zone_transition_type (Time_zone_id, Transition_type_id, \`Offset\`, Is_DST, Abbreviation)
   VALUES (1, 0, 3600, 0, 'CET'), (1, 1, 7200, 1, 'CEST')`,
  `INSERT INTO mysql.time_zone_transition (Time_zone_id, Transition_time, Transition_type_id)
   VALUES (1, -2147483648, 0), (1, 1774746000, 1), (1, 1792890000, 0)`,
]

const SHOP = [
  'CREATE DATABASE shop',
  "CREATE VIEW shop.local AS SELECT CONVERT_TZ('2026-06-01 12:00:00', '+00:00', 'Europe/Berlin') AS t",
  'CREATE DATABASE local_times',
  `CREATE TABLE local_times.orders (id INT PRIMARY KEY, at DATETIME,
     here DATETIME AS (CONVERT_TZ(at, '+00:00', 'Europe/Berlin')) STORED)`,
  "INSERT INTO local_times.orders (id, at) VALUES (1, '2026-06-01 12:00:00')",
  "SET time_zone = 'Europe/Berlin'",
  'CREATE EVENT local_times.nightly ON SCHEDULE EVERY 1 DAY DO DO 1',
]

async function runAll(session: Session, statements: readonly string[]): Promise<void> {
  for (const sql of statements) await session.run(sql)
}

test.each(SLOW_TEST_ENGINES)(
  '%s: time zones by name: a drill has them, and a server that lacks them is told',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await runAll(session, [...BERLIN, ...SHOP])
        await session.close()
        expect((await place.report(server)).findings).toEqual([])
      })
      if (existsSync('/usr/share/zoneinfo/Europe/Berlin')) {
        const drill = await drillSnapshot(place.drillOptions(), silentProgress())
        expect(drill.checks.filter(({ outcome }) => outcome === 'failed')).toEqual([])
        expect(drill.outcome).toBe('passed')
      }
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await expect(place.restore(server)).rejects.toMatchObject({
          code: 'UNSUPPORTED',
          why: '2 need them: event local_times.nightly (Europe/Berlin), table local_times.orders (Europe/Berlin)',
        })
        expect(await session.value("SHOW DATABASES LIKE 'local%'")).toBeNull()
        const alone = await place.restore(server, { databases: ['shop'] })
        expect(alone.findings).toEqual([expect.stringContaining('(Europe/Berlin)')])
        expect(alone.findings.join()).toContain('tzinfo')
        await runAll(session, ['DROP DATABASE shop'])
        await session.close()
      })
      await withServer(family, join(folder, 'with-zones'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await runAll(session, BERLIN)
        expect((await place.restore(server)).findings).toEqual([])
        expect(await session.value('SELECT here FROM local_times.orders')).toBe(
          '2026-06-01 14:00:00',
        )
        await session.close()
      })
    })
  },
)

/** Nobody asks for it who does not read what the source has. */
const OWN = [
  ...BERLIN,
  "INSERT INTO mysql.time_zone_name (Name, Time_zone_id) VALUES ('Shop/Own', 1)",
]

test.each(SLOW_TEST_ENGINES)(
  '%s: time zones that rows name: all that the source had',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await runAll(session, [
          ...OWN,
          'CREATE DATABASE shop',
          'CREATE TABLE shop.orders (id INT PRIMARY KEY, at DATETIME, zone VARCHAR(40))',
          "INSERT INTO shop.orders VALUES (1, '2026-06-01 12:00:00', 'Shop/Own')",
          "CREATE VIEW shop.local AS SELECT id, CONVERT_TZ(at, '+00:00', zone) AS t FROM shop.orders",
          'CREATE DATABASE local_times',
          `CREATE TABLE local_times.orders (id INT PRIMARY KEY, at DATETIME, zone VARCHAR(40),
           here DATETIME AS (CONVERT_TZ(at, '+00:00', zone)) STORED)`,
          `INSERT INTO local_times.orders (id, at, zone)
           VALUES (1, '2026-06-01 12:00:00', 'Europe/Berlin')`,
        ])
        await session.close()
        expect((await place.report(server)).findings).toEqual([])
      })
      if (existsSync('/usr/share/zoneinfo/Europe/Berlin')) {
        const drill = await drillSnapshot(place.drillOptions(), silentProgress())
        expect(drill.checks.filter(({ outcome }) => outcome === 'failed')).toEqual([])
      }
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        await expect(place.restore(server)).rejects.toMatchObject({
          code: 'UNSUPPORTED',
          why: '1 need them: table local_times.orders (those of its rows)',
        })
        const session = await engine.connect(server.administrator)
        await runAll(session, BERLIN)
        expect((await place.restore(server)).findings).toEqual([
          expect.stringContaining('(Shop/Own)'),
        ])
        await session.close()
      })
    })
  },
)
