import { join } from 'node:path'
import { expect, test } from 'vitest'
import { silentProgress } from '#core/progress'
import type { EngineFamily } from '#domain/engine-family'
import type { Session } from '#engine/session'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'
import { drillSnapshot } from '#workflow/restore/drill-snapshot'

/** The second row's day is another one in UTC. */
const MOMENTS = ['2026-06-01 10:00:00', '2026-06-01 22:30:00', '2026-10-25 00:30:00']

const TABLES: Readonly<Record<EngineFamily | 'both', readonly string[]>> = {
  both: [
    'virtual_day (id INT PRIMARY KEY, c TIMESTAMP NOT NULL, day DATE AS (DATE(c)) VIRTUAL, KEY (day))',
    `stored_day (id INT PRIMARY KEY, c TIMESTAMP NOT NULL DEFAULT '2026-01-01 00:00:00',
       day DATE AS (DATE(c)) STORED, KEY (day))`,
    `in_parts (id INT NOT NULL, c TIMESTAMP NOT NULL, day DATE AS (DATE(c)) VIRTUAL) PARTITION BY RANGE COLUMNS (day)
       (PARTITION a VALUES LESS THAN ('2026-06-02'), PARTITION b VALUES LESS THAN (MAXVALUE))`,
    'no_primary (id INT NOT NULL, c TIMESTAMP NOT NULL, day DATE AS (DATE(c)) VIRTUAL, UNIQUE KEY (id, day))',
    `checked (id INT PRIMARY KEY, c TIMESTAMP NOT NULL, CONSTRAINT c1 CHECK (DATE(c) <> '2026-06-01' OR id = 1))`,
    `unique_day (id INT PRIMARY KEY, c TIMESTAMP NOT NULL, day DATE AS (DATE(c)) STORED, UNIQUE KEY (day))`,
  ],
  mysql: [
    'by_day (id INT PRIMARY KEY, c TIMESTAMP NOT NULL, KEY by_day (id, (DATE(c))))',
    `with_offset (id INT PRIMARY KEY, c TIMESTAMP NOT NULL, t VARCHAR(40) AS (CONCAT('2026-06-01 22:30:00+0', id, ':00')) VIRTUAL,
       d DATETIME AS (CAST(t AS DATETIME)) STORED, KEY (d))`,
  ],
  mariadb: [
    'counted (id INT PRIMARY KEY, c TIMESTAMP NOT NULL, m INT AS (HOUR(c)) VIRTUAL, KEY (m))',
  ],
}

const namesOf = (family: EngineFamily): string[] =>
  [...TABLES.both, ...TABLES[family]].map(text => text.split(' ')[0] ?? '')

async function fill(session: Session, family: EngineFamily): Promise<void> {
  await session.run("SET GLOBAL time_zone = '+02:00'")
  await session.run('CREATE DATABASE shop')
  await session.run('USE shop')
  for (const table of [...TABLES.both, ...TABLES[family]]) {
    // As programs do that leave the zone to the server.
    await session.run("SET time_zone = '+02:00'")
    await session.run(`CREATE TABLE ${table}`)
    await session.run("SET time_zone = '+00:00'")
    const name = table.split(' ')[0]
    for (const [at, moment] of MOMENTS.entries()) {
      const inItsZone = `CONVERT_TZ('${moment}', '+00:00', '+02:00')`
      await session.run("SET time_zone = '+02:00'")
      await session.run(`INSERT INTO ${name} (id, c) VALUES (${at + 1}, ${inItsZone})`)
    }
  }
}

/** Of rows that a session of the source's zone changes, no key keeps an entry. */
async function faultsAfterChanges(session: Session, family: EngineFamily): Promise<string[]> {
  const faults: string[] = []
  await session.run("SET time_zone = '+02:00'")
  for (const name of namesOf(family)) {
    await session.run(`UPDATE shop.${name} SET c = '2026-12-24 12:00:00' WHERE id = 2`)
    const told = await session.rows(`CHECK TABLE shop.${name}`)
    faults.push(...told.map(row => String(row['Msg_text'])).filter(text => text !== 'OK'))
  }
  return faults
}

test.each(TEST_ENGINES)(
  '%s: what hangs on the time zone of the session comes back as the source had it',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await fill(session, family)
        expect(await faultsAfterChanges(session, family)).toEqual([])
        for (const name of namesOf(family))
          await session.run(`UPDATE shop.${name} SET c = '2026-06-02 00:30:00' WHERE id = 2`)
        await session.close()
        expect((await place.report(server)).findings).toEqual([])
      })
      const drill = await drillSnapshot(place.drillOptions(), silentProgress())
      expect(drill.checks.flatMap(({ differences }) => differences)).toEqual([])
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        const { findings } = await place.restore(server)
        expect(findings).toEqual([
          expect.stringMatching(
            /time zone, which was \+02:00 on the source, in which it was computed/,
          ),
        ])
        const tables = namesOf(family).toSorted().slice(0, 5)
        expect(findings[0]).toContain(tables.map(name => `shop.${name}`).join(', '))
        const session = await engine.connect(server.administrator)
        await session.run("SET time_zone = '+02:00'")
        expect(
          await session.value(
            "SELECT id FROM shop.virtual_day FORCE INDEX (day) WHERE day = '2026-06-02'",
          ),
        ).toBe('2')
        expect(
          await session.value('SELECT UNIX_TIMESTAMP(c) FROM shop.stored_day WHERE id = 3'),
        ).toBe('1792888200')
        expect(await faultsAfterChanges(session, family)).toEqual([])
        await session.run('DROP DATABASE shop')
        await session.run("SET GLOBAL time_zone = '+02:00'")
        await session.close()
        // Nobody knows what zone programs set.
        expect((await place.restore(server)).findings).toEqual([
          expect.stringMatching(
            /computed in that of the source \(\+02:00\).*Where programs set another/,
          ),
        ])
      })
    })
  },
)

test.each(TEST_ENGINES)(
  '%s: where programs set a zone of their own and the configuration says it, all is computed in that',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await session.run("SET GLOBAL time_zone = '+02:00'")
        await session.run('CREATE DATABASE shop')
        await session.run('USE shop')
        await session.run("SET time_zone = '+00:00'")
        for (const name of ['virtual_day', 'stored_day', 'unique_day']) {
          const table = TABLES.both.find(text => text.startsWith(`${name} `))
          await session.run(`CREATE TABLE ${table}`)
          // Of two days in UTC, and of one at +02:00.
          for (const [at, moment] of ['2026-06-01 22:30:00', '2026-06-02 00:30:00'].entries())
            await session.run(`INSERT INTO ${name} (id, c) VALUES (${at + 1}, '${moment}')`)
        }
        await session.close()
        await place.report(server)
      })
      const programsZone = '+00:00'
      const drill = await drillSnapshot({ ...place.drillOptions(), programsZone }, silentProgress())
      expect(drill.checks.flatMap(({ differences }) => differences)).toEqual([])
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await session.run("SET GLOBAL time_zone = '+02:00'")
        await expect(place.restore(server)).rejects.toThrow()
        const restored = await place.restore(server, { startOver: true }, engine, { programsZone })
        expect(restored.findings).toEqual([])
        expect(restored.notes.join()).toContain('+00:00, which programs set by server.time_zone')
        await session.run("SET time_zone = '+00:00'")
        for (const name of ['virtual_day', 'stored_day', 'unique_day']) {
          await session.run(`UPDATE shop.${name} SET c = '2026-12-24 12:00:00' WHERE id = 1`)
          const told = await session.rows(`CHECK TABLE shop.${name}`)
          expect(told.map(row => row['Msg_text'])).toEqual(['OK'])
        }
        await session.close()
      })
    })
  },
)
