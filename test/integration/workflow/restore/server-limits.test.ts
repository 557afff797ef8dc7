import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { Secret } from '#core/secret'
import type { EngineFamily } from '#domain/engine-family'
import type { RunningServer } from '#engine/scratch-server'
import type { Session } from '#engine/session'
import { withServer } from '#test/backed-up'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { LoggedShop, startLogged } from '#test/logged-shop'
import { expectSameAsBefore } from '#test/same-as-before'
import { shareAddress } from '#test/shared-address'
import { withFolder } from '#test/temporary'
import { withBackups } from '#test/with-backups'

afterEach(() => {
  vi.unstubAllEnvs()
})

async function makeShop(session: Session): Promise<void> {
  await session.run('CREATE DATABASE shop')
  await session.run('CREATE TABLE shop.t (id INT PRIMARY KEY, v VARCHAR(200))')
  await session.run("INSERT INTO shop.t VALUES (1, 'a'), (2, 'b')")
}

test.runIf(SLOW_TEST_ENGINES.includes('mysql'))(
  'mysql: JSON that is longer than max_allowed_packet is not backed up as nothing',
  async () => {
    await withBackups('mysql', async ({ folder, place }) => {
      await withServer('mysql', join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await session.run('CREATE DATABASE shop')
        await session.run('CREATE TABLE shop.t (id INT PRIMARY KEY, j JSON)')
        await session.run(`INSERT INTO shop.t VALUES (1, CONCAT('["', REPEAT('x', 100000), '"]'))`)
        await session.run('SET GLOBAL max_allowed_packet = 65536')
        await expect(place.report(server)).rejects.toMatchObject({
          code: 'UNSUPPORTED',
          what: 'the server does not send all values of table shop.t',
          why: expect.stringContaining('max_allowed_packet (65536)'),
          hints: [expect.stringContaining('SET GLOBAL max_allowed_packet')],
        })
        await session.run('SET GLOBAL max_allowed_packet = 16777216')
        await session.close()
        expect((await place.report(server)).findings).toEqual([])
      })
      await withServer('mysql', join(folder, 'target'), async (server, engine) => {
        const { outcome } = await place.restore(server)
        expectSameAsBefore({ outcome })
        const session = await engine.connect(server.administrator)
        expect(await session.value('SELECT JSON_STORAGE_SIZE(j) > 100000 FROM shop.t')).toBe('1')
        await session.close()
      })
    })
  },
)

/** As little as a server lets each session have. */
const LITTLE: Readonly<Record<EngineFamily, readonly string[]>> = {
  mysql: ['sort_buffer_size = 32768'],
  mariadb: [
    'sort_buffer_size = 32768',
    'max_session_mem_used = 500000',
    'tmp_disk_table_size = 1024',
  ],
}

test.each(SLOW_TEST_ENGINES)(
  '%s: what a server gives a session little of is enough for a backup and a restore',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      const limit = async (session: Session): Promise<void> => {
        for (const setting of LITTLE[family]) await session.run(`SET GLOBAL ${setting}`)
      }
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await makeShop(session)
        await session.run('CREATE VIEW shop.v AS SELECT id FROM shop.t')
        await limit(session)
        await session.close()
        expect((await place.report(server)).rows).toBe(2)
      })
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await limit(session)
        expectSameAsBefore(await place.restore(server))
        await session.close()
      })
    })
  },
)

/** A restore's account is no administrator's, so that the server's init_connect is for it. */
const ADMINISTERS = { mysql: 'SUPER, CONNECTION_ADMIN', mariadb: 'SUPER, CONNECTION ADMIN' }

test.each(SLOW_TEST_ENGINES)(
  '%s: a restore is in the binary log though init_connect turns that off',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await makeShop(session)
        await session.close()
        await place.report(server)
      })
      const log = ['--log-bin=binlog', '--binlog-format=ROW', '--server-id=5']
      await withServer(
        family,
        join(folder, 'target'),
        async (server, engine) => {
          const password = new Secret('In-the-log-1234')
          const session = await engine.connect(server.administrator)
          await session.run(`CREATE USER operator IDENTIFIED BY '${password.reveal()}'`)
          await session.run('GRANT ALL ON *.* TO operator WITH GRANT OPTION')
          await session.run(`REVOKE ${ADMINISTERS[family]} ON *.* FROM operator`)
          await session.run("SET GLOBAL init_connect = 'SET sql_log_bin = 0'")
          const operator: RunningServer = {
            ...server,
            administrator: { ...server.administrator, user: 'operator', password },
          }
          expectSameAsBefore(await place.restore(operator))
          const events = await session.rows("SHOW BINLOG EVENTS IN 'binlog.000001'")
          const text = JSON.stringify(events)
          for (const part of [
            'CREATE DATABASE `shop`',
            'shop.t',
            'DROP DATABASE IF EXISTS ecomdb_restore',
          ])
            expect(text).toContain(part)
          // Asked for, it is left out.
          await session.run('DROP DATABASE shop')
          await session.run('FLUSH BINARY LOGS')
          expectSameAsBefore(await place.restore(operator, { binlog: false }))
          const later = await session.rows("SHOW BINLOG EVENTS IN 'binlog.000002'")
          expect(JSON.stringify(later)).not.toContain('shop')
          await session.close()
        },
        log,
      )
    })
  },
)

test.each(SLOW_TEST_ENGINES)(
  '%s: a server that logs statements takes a restore, under READ COMMITTED too',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await makeShop(session)
        if (family === 'mariadb') {
          await session.run('CREATE SEQUENCE shop.numbers START WITH 5')
          await session.run('SELECT NEXTVAL(shop.numbers)')
        }
        await session.close()
        await place.report(server)
      })
      await withServer(
        family,
        join(folder, 'target'),
        async (server, engine) => {
          const session = await engine.connect(server.administrator)
          await session.run('SET GLOBAL TRANSACTION ISOLATION LEVEL READ COMMITTED')
          await session.close()
          expectSameAsBefore(await place.restore(server))
        },
        ['--log-bin=binlog', '--binlog-format=STATEMENT', '--server-id=5'],
      )
    })
  },
)

test.each(SLOW_TEST_ENGINES)(
  '%s: a server that was started read-only is told before anything is made, by a dry run too',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await makeShop(session)
        await session.close()
        await place.report(server)
      })
      const target = join(folder, 'target')
      const forced = `--innodb-force-recovery=${family === 'mysql' ? 1 : 4}`
      await withServer(
        family,
        target,
        async server => {
          for (const dryRun of [true, false]) {
            await expect(place.restore(server, { dryRun })).rejects.toMatchObject({
              code: 'UNSUPPORTED',
              why: expect.stringContaining('innodb_force_recovery'),
              hints: expect.arrayContaining(['nothing was changed']),
            })
          }
        },
        [forced],
      )
    })
  },
)

/** An address that another server takes over: from then on it gives connections to that one. */
const takenOver = (
  socket: string,
  servers: readonly string[],
  after: number,
): Promise<() => void> => shareAddress(socket, servers, connection => (connection < after ? 0 : 1))

test.each(SLOW_TEST_ENGINES)(
  '%s: a restore changes nothing on a server that it has not looked at',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'a'), async (a, engine) => {
        await withServer(family, join(folder, 'b'), async b => {
          const session = await engine.connect(a.administrator)
          await makeShop(session)
          await place.report(a)
          await session.run('DROP DATABASE shop')
          const other = await engine.connect(b.administrator)
          const sockets = [a, b].map(({ administrator }) => administrator.socketPath ?? '')
          const socketPath = join(folder, 'address')
          const close = await takenOver(socketPath, sockets, 1)
          const moved = { ...a, administrator: { ...a.administrator, socketPath } }
          await expect(place.restore(moved, { connections: 1 })).rejects.toMatchObject({
            code: 'UNSUPPORTED',
            what: 'the connections of this restore do not reach the same server',
            hints: expect.arrayContaining(['nothing was changed']),
          })
          close()
          for (const one of [session, other]) {
            const names = JSON.stringify(await one.rows('SHOW DATABASES'))
            expect(names).not.toMatch(/shop|ecomdb_restore/)
            await one.close()
          }
          expectSameAsBefore(await place.restore(a))
        })
      })
    })
  },
)

test.runIf(SLOW_TEST_ENGINES.includes('mysql'))(
  'mysql: only the server that was looked at is cloned, and one without a redo log says what to do',
  async () => {
    await withFolder(async folder => {
      vi.stubEnv('ECOMDB_STATE', join(folder, 'state'))
      await withServer('mysql', join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await session.run("INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
        const { physicalBackups } = engine
        const source = await physicalBackups.check(server.administrator)
        const workFolder = join(folder, 'work')
        await mkdir(workFolder)
        const start = (sourceId: string) =>
          physicalBackups.start(
            {
              connect: server.administrator,
              ...{ workFolder, since: null, now: () => new Date() },
              ...{ onStep: () => {}, onLeft: () => {} },
            },
            { ...source, sourceId },
          )
        await expect(start('another server')).rejects.toMatchObject({ code: 'NOT_CONSISTENT' })
        await session.run('ALTER INSTANCE DISABLE INNODB REDO_LOG')
        await expect(start(source.sourceId)).rejects.toMatchObject({
          hints: [
            expect.stringContaining('ENABLE INNODB REDO_LOG'),
            expect.stringContaining('backup logical'),
          ],
        })
        await session.close()
      })
    })
  },
)

test.each(SLOW_TEST_ENGINES)(
  '%s: a transaction of the log is larger than what the server lets its own log have',
  async family => {
    await withFolder(async folder => {
      const shop = await LoggedShop.make(family, folder)
      try {
        await shop.run('CREATE DATABASE shop', 'CREATE TABLE shop.t (id INT PRIMARY KEY, v TEXT)')
        expect((await shop.ecomdb(['backup', 'logical'])).status).toBe(0)
        const rows = Array.from({ length: 40 }, (_, id) => `(${id}, REPEAT('x', 9000))`)
        await shop.run(
          `INSERT INTO shop.t VALUES ${rows.join(', ')}`,
          'CREATE TABLE shop.later (id INT)',
        )
        expect((await shop.ecomdb(['backup', 'binlog', '--once'])).status).toBe(0)
        const before = await shop.gtidOf(/CREATE TABLE shop.later/)
        const small = ['--max-binlog-cache-size=65536', '--binlog-cache-size=4096']
        const target = await startLogged(shop.engine, join(folder, 'target'), small)
        try {
          const moment = ['restore', '--before-gtid', before, '--confirm', 'shop', '--binlog']
          const restored = await shop.ecomdb(moment, target)
          expect(restored.stderr).not.toContain('error:')
          expect(await shop.value('SELECT COUNT(*) FROM shop.t', target)).toBe('40')
          // As it was.
          expect(await shop.value('SELECT @@GLOBAL.max_binlog_cache_size', target)).toBe('65536')
        } finally {
          await shop.engine.scratchServers.remove(target.folder)
        }
      } finally {
        await shop.stop()
      }
    })
  },
)

test.each(SLOW_TEST_ENGINES)(
  '%s: nothing of a server that took the address over is backed up under the name of the one before',
  async family => {
    await withFolder(async folder => {
      const clone = family === 'mysql' ? ['--plugin-load-add=clone=mysql_clone.so'] : []
      const shop = await LoggedShop.make(family, folder, clone)
      const other = await startLogged(shop.engine, join(folder, 'other'), clone)
      try {
        for (const server of [shop.source, other]) {
          const session = await shop.engine.connect(server.administrator)
          await makeShop(session)
          await session.close()
        }
        const sockets = [shop.source.socketPath, other.socketPath]
        /** @param connections that the first server gets */
        const after = async (connections: number, ...args: string[]) => {
          const socketPath = join(folder, 'address')
          const close = await takenOver(socketPath, sockets, connections)
          try {
            const run = await shop.ecomdb([...args, '--json'], { ...shop.source, socketPath })
            return run.json()
          } finally {
            close()
          }
        }
        const refused = { code: 'NOT_CONSISTENT' }
        // The first connection asks which engine it is, the second looks at the server.
        const log = await after(2, 'backup', 'binlog', '--once')
        expect(log.error).toMatchObject(refused)
        const files = await after(2, 'backup', 'physical')
        expect(files.error).toMatchObject(refused)
        expect((await after(9, 'backup', 'window')).result).toMatchObject({ sources: [] })
        // All that is read is of the first; the place in its log is not told by the other's file.
        const rows = await after(6, 'backup', 'logical')
        expect(rows.result.position.begunAt).toBeNull()
        const whole = await after(99, 'backup', 'logical')
        expect(whole.result.position.begunAt).not.toBeNull()
      } finally {
        await shop.engine.scratchServers.remove(other.folder)
        await shop.stop()
      }
    })
  },
)

test.runIf(SLOW_TEST_ENGINES.includes('mariadb'))(
  'mariadb: a limit of rows that would end mariadb-backup is told before',
  async () => {
    await withFolder(async folder => {
      vi.stubEnv('ECOMDB_STATE', join(folder, 'state'))
      await withServer('mariadb', join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await session.run('SET GLOBAL sql_select_limit = 500')
        const checking = engine.physicalBackups.check(server.administrator)
        await expect(checking).rejects.toMatchObject({
          code: 'UNSUPPORTED',
          why: expect.stringContaining('sql_select_limit is 500'),
        })
        await session.close()
      })
    })
  },
)

test.each(SLOW_TEST_ENGINES)(
  '%s: the log is not replayed on a server that took the address over meanwhile',
  async family => {
    await withFolder(async folder => {
      const shop = await LoggedShop.make(family, folder)
      const targets = [
        await startLogged(shop.engine, join(folder, 'one')),
        await startLogged(shop.engine, join(folder, 'two')),
      ]
      try {
        await shop.run('CREATE DATABASE shop', 'CREATE TABLE shop.t (id INT PRIMARY KEY)')
        expect((await shop.ecomdb(['backup', 'logical'])).status).toBe(0)
        await shop.run('CREATE DATABASE of_the_log', 'CREATE TABLE shop.later (id INT)')
        expect((await shop.ecomdb(['backup', 'binlog', '--once'])).status).toBe(0)
        const before = await shop.gtidOf(/CREATE TABLE shop.later/)
        const moment = ['restore', '--before-gtid', before, '--confirm', 'shop', '--json']
        const sockets = targets.map(target => target.socketPath)
        const socketPath = join(folder, 'address')
        const codes: string[] = []
        // Wherever the address moves: the last connections are the replay's own.
        for (let connections = 7; connections <= 12; connections += 1) {
          const close = await takenOver(socketPath, sockets, connections)
          const run = await shop.ecomdb(moment, { ...shop.source, socketPath })
          close()
          codes.push(run.json().error?.code ?? `exit ${run.status}`)
          for (const [place, target] of targets.entries()) {
            const session = await shop.engine.connect(target.administrator)
            const names = JSON.stringify(await session.rows('SHOW DATABASES'))
            if (place === 1) expect(names).not.toMatch(/shop|of_the_log|ecomdb_restore/)
            for (const name of ['shop', 'of_the_log', 'ecomdb_restore'])
              await session.run(`DROP DATABASE IF EXISTS ${name}`)
            await session.close()
          }
          await rm(join(folder, 'state', 'restore'), { recursive: true, force: true })
        }
        expect(codes).toContain('UNSUPPORTED')
        expect(codes.at(-1)).toBe('exit 0')
      } finally {
        for (const target of targets) await shop.engine.scratchServers.remove(target.folder)
        await shop.stop()
      }
    })
  },
)
