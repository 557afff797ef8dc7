import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { engineFor } from '#cli/wire'
import { silentProgress } from '#core/progress'
import type { Engine } from '#engine/engine'
import type { RunningServer } from '#engine/scratch-server'
import { type BackupPlace, withServer } from '#test/backed-up'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'
import { drillSnapshot } from '#workflow/restore/drill-snapshot'
import { openSnapshot } from '#workflow/restore/open-snapshot'

afterEach(() => {
  vi.unstubAllEnvs()
})

/** Plugins with a library of their own, and what needs them. */
const NEEDED = {
  mysql: {
    plugins: ["auth_socket SONAME 'auth_socket.so'"],
    sql: ["CREATE USER local@localhost IDENTIFIED WITH auth_socket AS 'somebody'"],
    told: 'auth_socket of auth_socket.so',
  },
  mariadb: {
    plugins: ["ed25519 SONAME 'auth_ed25519.so'", "ARCHIVE SONAME 'ha_archive.so'"],
    sql: [
      "CREATE USER local@localhost IDENTIFIED VIA ed25519 USING PASSWORD('Secret1') OR unix_socket",
      'CREATE TABLE shop.old (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, n INT) ENGINE=ARCHIVE',
      'INSERT INTO shop.old (n) VALUES (1), (2)',
    ],
    told: 'ARCHIVE of ha_archive.so, ed25519 of auth_ed25519.so',
  },
}

test.each(SLOW_TEST_ENGINES)(
  '%s: a drill has the plugins that accounts and tables need; a server without them is told',
  async family => {
    const { plugins, sql, told } = NEEDED[family]
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        for (const plugin of plugins) await session.run(`INSTALL PLUGIN ${plugin}`)
        await session.run('CREATE DATABASE shop')
        for (const one of sql) await session.run(one)
        if (family === 'mysql') await session.run('CREATE USER remembers PASSWORD HISTORY 3')
        await session.close()
        expect((await place.report(server)).findings).toEqual([])
      })
      const drill = await drillSnapshot(place.drillOptions(), silentProgress())
      expect(drill.checks.filter(({ outcome }) => outcome === 'failed')).toEqual([])
      expect(drill.outcome).toBe('passed')
      await withServer(family, join(folder, 'target'), async server => {
        const where = { engine: await engineFor(family), connect: server.administrator }
        const restore = () => place.restore(server)
        await expect(restore()).rejects.toMatchObject({ code: 'UNSUPPORTED', why: told })
        const session = await where.engine.connect(server.administrator)
        for (const plugin of plugins) await session.run(`INSTALL PLUGIN ${plugin}`)
        const { manifest } = await openSnapshot(await place.access(), 'latest', silentProgress())
        const { logicalWriter } = where.engine
        const plan = logicalWriter.plan(manifest, await logicalWriter.observe(session, manifest), {
          ...{ remove: null, accounts: 'all', lockPeople: true, services: [], disableEvents: true },
        })
        await session.close()
        // It goes into the journal, which is not encrypted.
        expect(plan.makes.accounts.length).toBeGreaterThan(0)
        expect(JSON.stringify(plan.makes)).not.toContain('CREATE USER')
        const { findings, notes } = await restore()
        expect(findings).toEqual([])
        expect(notes.join().includes('password histories')).toBe(family === 'mysql')
      })
    })
  },
)

test.each(SLOW_TEST_ENGINES.filter(family => family === 'mysql'))(
  '%s: privileges of a plugin that the server lacks are named, and do not end a restore or a drill',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await session.run('CREATE DATABASE shop')
        await session.run('CREATE USER ann')
        await session.run('GRANT BACKUP_ADMIN ON *.* TO ann')
        // As a plugin leaves it that was uninstalled since.
        await session.run("INSERT INTO mysql.global_grants VALUES ('ann', '%', 'GONE_ADMIN', 'N')")
        await session.run('FLUSH PRIVILEGES')
        await session.close()
        await place.backUp(server)
      })
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        const { findings, notes } = await place.restore(server)
        const told = /does not know.* GONE_ADMIN of 'ann'@'%'/
        expect(findings).toEqual([expect.stringMatching(told)])
        expect(notes.join()).toContain("does not know it: GONE_ADMIN of 'ann'@'%'")
        const session = await engine.connect(server.administrator)
        const grants = await session.rows('SHOW GRANTS FOR ann')
        expect(grants.map(row => Object.values(row)[0])).toEqual([
          'GRANT USAGE ON *.* TO `ann`@`%`',
          'GRANT BACKUP_ADMIN ON *.* TO `ann`@`%`',
        ])
        await session.close()
      })
      const drill = await drillSnapshot(place.drillOptions(), silentProgress())
      expect(drill.outcome).toBe('passed')
      expect(drill.checks.filter(({ outcome }) => outcome === 'unchecked')).toContainEqual(
        expect.objectContaining({ name: 'privileges' }),
      )
    })
  },
)

test.each(SLOW_TEST_ENGINES.filter(family => family === 'mysql'))(
  '%s: components of the source are in a drill, and a server that lacks them is told',
  async family => {
    const component = "COMPONENT 'file://component_query_attributes'"
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await session.run('CREATE DATABASE shop')
        await session.run('CREATE DATABASE plain')
        // Its password would be refused where the other component is.
        await session.run('CREATE USER open_one')
        await session.run(`INSTALL ${component}`)
        await session.run("INSTALL COMPONENT 'file://component_validate_password'")
        await session.run(
          "CREATE VIEW shop.asked AS SELECT mysql_query_attribute_string('trace') AS trace",
        )
        await session.close()
        expect((await place.report(server)).findings).toEqual([])
      })
      const drill = await drillSnapshot(place.drillOptions(), silentProgress())
      expect(drill.checks.filter(({ outcome }) => outcome === 'failed')).toEqual([])
      expect(drill.checks.find(({ name }) => name === 'server')?.outcome).toBe('passed')
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        await expect(place.restore(server)).rejects.toMatchObject({
          what: expect.stringContaining('view `shop`.`asked`'),
          why: expect.stringContaining('mysql_query_attribute_string'),
        })
        const session = await engine.connect(server.administrator)
        await session.run(`INSTALL ${component}`)
        await session.close()
        const { findings } = await place.restore(server, { resume: true })
        expect(findings).toEqual([
          expect.stringMatching(/not on this server .*: component file:.*validate_password$/),
        ])
      })
    })
  },
)

test.each(SLOW_TEST_ENGINES)(
  '%s: a drill of a server whose names are in lower case takes them in any',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      const source = async (server: RunningServer, engine: Engine): Promise<void> => {
        const session = await engine.connect(server.administrator)
        await session.run('CREATE DATABASE shop')
        await session.run('USE shop')
        await session.run('CREATE TABLE Orders (id INT PRIMARY KEY)')
        await session.run('CREATE VIEW Recent AS SELECT id FROM ORDERS')
        await session.run(
          'CREATE TRIGGER Follow BEFORE INSERT ON Orders FOR EACH ROW SET @seen = 1',
        )
        await session.close()
        await place.report(server)
      }
      await withServer(family, join(folder, 'source'), source, [], { lowerCaseNames: true })
      const drill = await drillSnapshot(place.drillOptions(), silentProgress())
      expect(drill.checks.flatMap(({ differences }) => differences)).toEqual([])
      expect(drill.outcome).toBe('passed')
    })
  },
)

const PAGES = SLOW_TEST_ENGINES.flatMap(family =>
  [4096, 65536].map(pageSize => [family, pageSize] as const),
)

test.each(PAGES)(
  '%s: a drill of a server with pages of %i bytes has such pages',
  async (family, pageSize) => {
    await withBackups(family, async ({ folder, place }) => {
      // More than a half of a page of 16 KiB holds, where the pages are larger.
      const columns = Array.from(
        { length: pageSize > 16_384 ? 50 : 5 },
        (_, at) => `c${at} CHAR(255)`,
      )
      const source = async (server: RunningServer, engine: Engine): Promise<void> => {
        const session = await engine.connect(server.administrator)
        await session.run('CREATE DATABASE shop')
        await session.run(`CREATE TABLE shop.wide (id INT PRIMARY KEY, ${columns}) CHARSET latin1`)
        const values = columns.map(() => 'REPEAT("x", 255)')
        await session.run(`INSERT INTO shop.wide VALUES (1, ${values})`)
        await session.close()
        await place.report(server)
      }
      await withServer(family, join(folder, 'source'), source, [], { pageSize })
      const drill = await drillSnapshot(place.drillOptions(), silentProgress())
      expect(drill.checks.flatMap(({ differences }) => differences)).toEqual([])
      expect(drill.outcome).toBe('passed')
      if (pageSize < 16_384) return
      await withServer(family, join(folder, 'target'), async server => {
        await expect(place.restore(server)).rejects.toMatchObject({
          why: expect.stringMatching(/Row size too large/),
          hints: expect.arrayContaining([expect.stringMatching(/innodb_page_size/)]),
        })
      })
    })
  },
)

test.each(SLOW_TEST_ENGINES)(
  '%s: a server that has names in lower case is told before it gets others',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await session.run('CREATE DATABASE shop')
        await session.run('CREATE TABLE shop.Orders (id INT PRIMARY KEY)')
        await session.run('CREATE DATABASE plain')
        await session.run('CREATE TABLE plain.t (Id INT PRIMARY KEY)')
        await session.close()
        await place.report(server)
      })
      const target = async (server: RunningServer): Promise<void> => {
        const restore = (more: Parameters<BackupPlace['restore']>[1]) => place.restore(server, more)
        await expect(restore({})).rejects.toMatchObject({
          code: 'UNSUPPORTED',
          why: expect.stringMatching(/ 1 names? have capital letters: shop\.Orders$/),
        })
        const plain = await restore({ databases: ['plain'], confirm: 'plain' })
        expect(plain.outcome?.checks.filter(({ outcome }) => outcome === 'failed')).toEqual([])
      }
      await withServer(family, join(folder, 'target'), target, [], { lowerCaseNames: true })
    })
  },
)
