import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { silentProgress } from '#core/progress'
import type { EngineFamily } from '#domain/engine-family'
import type { RunningServer } from '#engine/scratch-server'
import { BackupPlace, withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { makeFolder } from '#test/temporary'
import { drillSnapshot } from '#workflow/restore/drill-snapshot'

describe.each(TEST_ENGINES)('%s: tables that lie outside of the data directory', family => {
  let folder: string
  let away: string
  let place: BackupPlace
  /** What is in their place while the source has it, with sizes and times. */
  let before: unknown

  /** A server that puts tables there. */
  const may = (): string[] =>
    family === 'mysql' ? [`--innodb-directories=${away}`] : ['--symbolic-links']

  beforeAll(async () => {
    folder = await makeFolder()
    // MySQL shows no backslash before a quote there, and so takes its own text no more.
    away = join(folder, family === 'mysql' ? 'a way é' : "a way'é")
    await mkdir(family === 'mariadb' ? join(away, 'i') : away, { recursive: true })
    vi.stubEnv('ECOMDB_STATE', join(folder, 'state'))
    place = await BackupPlace.make(join(folder, 'backup'), family)
  })

  afterAll(async () => {
    vi.unstubAllEnvs()
    await rm(folder, { recursive: true, force: true })
  })

  const restore = (server: RunningServer, more: Parameters<BackupPlace['restore']>[1] = {}) =>
    place.restore(server, { binlog: false, ...more })

  test('are named by the backup, and a drill leaves their place alone', async () => {
    await withServer(
      family,
      join(folder, 'source'),
      async (server, engine) => {
        const session = await engine.connect(server.administrator)
        for (const sql of tables(family, away)) await session.run(sql)
        // The source itself is to write nothing more of them.
        await session.run('FLUSH TABLES inno, part FOR EXPORT')
        await session.run('UNLOCK TABLES')
        await session.close()
        const { findings } = await place.report(server)
        for (const name of NAMES[family]) {
          expect(findings.join('\n')).toContain(`table shop.${name} lies in `)
        }
        before = await state(away)
        // The source runs, and has these files open.
        const report = await drillSnapshot(place.drillOptions(), silentProgress())
        expect(report.checks.filter(({ outcome }) => outcome === 'failed')).toEqual([])
        const check = report.checks.find(({ name }) => name === 'places')
        expect(check?.outcome).toBe('unchecked')
        for (const name of NAMES[family]) expect(check?.summary).toContain(`\`shop\`.\`${name}\``)
        expect(await state(away)).toEqual(before)
        // Beside the live one, whose files are there.
        const beside = await restore(server, { databases: ['shop'], into: 'then', confirm: 'then' })
        expect(beside.notes.join()).toMatch(/in the data directory, and not where they lay: `then`/)
        expect(beside.outcome?.checks.filter(({ outcome }) => outcome === 'failed')).toEqual([])
        expect(await state(away)).toEqual(before)
      },
      may(),
    )
    await rename(away, `${away}.source`)
  })

  test('come back where they were, once the server has that place', async () => {
    await withServer(
      family,
      join(folder, 'target'),
      async (server, engine) => {
        if (family === 'mariadb') {
          await expect(restore(server)).rejects.toMatchObject({
            code: 'SERVER_REFUSED',
            hints: expect.arrayContaining([expect.stringMatching(/^these places must be there/)]),
          })
          await mkdir(join(away, 'i'), { recursive: true })
        } else {
          const session = await engine.connect(server.administrator)
          await expect(restore(server)).rejects.toMatchObject({ code: 'SERVER_REFUSED' })
          await session.run("CREATE TABLESPACE roomy ADD DATAFILE 'roomy.ibd'")
          await session.close()
        }
        const done = await restore(server, { resume: true })
        expect(done.findings).toEqual([])
        expect(done.notes.join()).toContain('made where they lay on the source')
        const places = done.outcome?.checks.find(({ name }) => name === 'places')
        expect(places?.outcome).toBe('passed')
        expect(await names(away)).toEqual(await names(`${away}.source`))
      },
      may(),
    )
    await rm(away, { recursive: true, force: true })
  })

  test('are made in the data directory by a server that puts none elsewhere, and found', async () => {
    await withServer(family, join(folder, 'inside'), async (server, engine) => {
      if (family === 'mysql') {
        const session = await engine.connect(server.administrator)
        await session.run("CREATE TABLESPACE roomy ADD DATAFILE 'roomy.ibd'")
        await session.close()
      }
      const done = await restore(server)
      expect(done.findings).toEqual([
        expect.stringMatching(/^in the data directory, and not where they lay: .*`inno` \(DATA/),
      ])
      expect(done.outcome?.checks.filter(({ outcome }) => outcome === 'failed')).toEqual([])
      expect(existsSync(away)).toBe(false)
    })
  })
})

/** Below a folder, with size and time of change. */
async function state(folder: string): Promise<unknown> {
  return await Promise.all(
    (await names(folder)).map(async name => {
      const { size, mtimeMs } = await stat(join(folder, name))
      return [name, size, mtimeMs]
    }),
  )
}

async function names(folder: string): Promise<string[]> {
  return (await readdir(folder, { recursive: true })).toSorted()
}

const NAMES: Readonly<Record<EngineFamily, readonly string[]>> = {
  mariadb: ['inno', 'part', 'mi', 'idx', 'ar', 'sub'],
  mysql: ['inno', 'part', 'spaced'],
}

function tables(family: EngineFamily, away: string): string[] {
  const place = `'${away.replaceAll("'", "\\'")}'`
  const index = `'${away.replaceAll("'", "\\'")}/i'`
  const own =
    family === 'mysql'
      ? [
          "CREATE TABLESPACE roomy ADD DATAFILE 'roomy.ibd'",
          'CREATE TABLE spaced (i INT PRIMARY KEY) TABLESPACE roomy',
        ]
      : [
          `CREATE TABLE mi (i INT PRIMARY KEY) ENGINE = MyISAM DATA DIRECTORY = ${place} INDEX DIRECTORY = ${index}`,
          `CREATE TABLE idx (i INT PRIMARY KEY) ENGINE = MyISAM INDEX DIRECTORY = ${index}`,
          `CREATE TABLE ar (i INT PRIMARY KEY) ENGINE = Aria DATA DIRECTORY = ${place}`,
          `CREATE TABLE sub (i INT, j INT) ENGINE = MyISAM PARTITION BY RANGE (i) SUBPARTITION BY HASH (j)
             (PARTITION p0 VALUES LESS THAN (10)
               (SUBPARTITION s0 DATA DIRECTORY = ${place} INDEX DIRECTORY = ${index}, SUBPARTITION s1))`,
        ]
  const made = [
    `CREATE TABLE inno (i INT PRIMARY KEY, KEY k (i)) ENGINE = InnoDB DATA DIRECTORY = ${place}`,
    `CREATE TABLE part (i INT PRIMARY KEY) ENGINE = InnoDB PARTITION BY RANGE (i)
       (PARTITION p0 VALUES LESS THAN (10) DATA DIRECTORY = ${place}, PARTITION p1 VALUES LESS THAN MAXVALUE)`,
    ...own,
    'CREATE TABLE plain (i INT PRIMARY KEY)',
  ]
  const rows = [...NAMES[family], 'plain'].map(name => `INSERT INTO ${name} (i) VALUES (1), (5)`)
  return ['CREATE DATABASE shop', 'USE shop', ...made, ...rows]
}
