import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { silentProgress } from '#core/progress'
import type { RunningServer } from '#engine/scratch-server'
import type { ConnectOptions } from '#engine/session'
import { type LeaverReceipt, putLeaverReceipt } from '#repository/leaver-receipts'
import { openRepository } from '#repository/repository'
import { uuidV7 } from '#repository/uuid'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { runEcomdb } from '#test/cli'
import { dyingAt, KILLED } from '#test/dying-at'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { LEDGER, LoggedShop, startLogged, Writers } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'
import { wrapProgram } from '#test/wrapped-program'
import { drillSnapshot } from '#workflow/restore/drill-snapshot'

/** Rows of the ledger, and what the trigger and the update made of them, compared in the server. */
const STATE = `SELECT COUNT(*) AS rows_, SUM(has_victim) AS victims, CAST(SUM(twice) AS CHAR) AS twice,
   (SELECT COUNT(*) FROM shop.audit) AS audited, (SELECT SUM(n) FROM shop.totals) AS counted,
   CAST(BIT_XOR(CRC32(CONCAT(writer, '-', seq))) AS CHAR) AS sum FROM shop.ledger`

const YEARLY = `SELECT definer AS definer, status AS status, character_set_client AS client
   FROM information_schema.events WHERE event_name = 'yearly'`

describe.each(SLOW_TEST_ENGINES)('%s: ecomdb restore to a moment', family => {
  let folder: string
  let shop: LoggedShop
  let target: RunningServer
  let dropped: string
  /** At a pause of the writers. */
  let pause: { state: unknown; gtids: string; time: string }
  /** What must be there just before the drop. */
  let beforeDrop: unknown

  beforeAll(async () => {
    folder = await makeFolder()
    shop = await LoggedShop.make(family, folder)
    target = await startLogged(shop.engine, join(folder, 'target'))
    await shop.run(
      ...LEDGER,
      'CREATE ROLE clerk',
      "CREATE USER 'gone'@'%' IDENTIFIED BY 'Secret3'",
      "CREATE USER ecomdb_issuer@localhost IDENTIFIED BY 'Secret4'",
      ...sessionOf('ann'),
      "CREATE USER s_ann_of_the_shop@localhost IDENTIFIED BY 'Secret4'",
      "CREATE USER s_import_202611290130@localhost IDENTIFIED BY 'Secret4'",
      'SET character_set_client = latin1',
      "CREATE DEFINER = root@localhost EVENT shop.`yearly` ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01' DO DELETE FROM shop.audit",
    )
    if (family === 'mysql') await shop.run("INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
    const writers = new Writers(shop, 8)
    const follower = shop.follow({}, '--segment-seconds', '1')
    await writers.untilCommitted(100)
    writers.restMs = 50
    for (const method of ['logical', 'physical']) {
      const backup = await shop.ecomdb(['backup', method])
      expect(backup.status, backup.stderr).toBe(0)
    }
    writers.restMs = 0
    await shop.run(
      ...sessionOf('bob'),
      "CREATE USER 'late'@'%' IDENTIFIED BY 'Secret1'",
      "CREATE USER 'ecomdb_job'@'%' IDENTIFIED BY 'Secret2'",
      'SET character_set_client = latin1',
      'CREATE EVENT shop.`hourly` ON SCHEDULE EVERY 1 SECOND DO INSERT INTO shop.audit VALUES (9, 9)',
      // Each of these makes whoever replays it more than a passer-by.
      'ALTER EVENT shop.`yearly` DISABLE',
      'CREATE ROLE packer',
      "GRANT clerk TO 'late'@'%'",
      "GRANT SELECT ON shop.* TO 'gone'@'%'",
      "CREATE USER 'gone'@'localhost' IDENTIFIED BY 'Secret3'",
      "GRANT packer TO 'late'@'%'",
    )
    await writers.untilCommitted(writers.committed + 300)
    pause = await pauseOf(writers)
    await shop.run(
      'CREATE DATABASE ecomdb_audit',
      'CREATE TABLE ecomdb_audit.trail (trail_id INT PRIMARY KEY, shop_database INT) ENGINE = InnoDB',
    )
    if (family === 'mariadb') {
      await shop.run(
        'CREATE TABLE shop.said (t TEXT)',
        ...['ROW', 'STATEMENT'].flatMap(format => [
          `SET binlog_format = ${format}`,
          'INSERT INTO shop.said VALUES ("CREATE TABLE a (i INT) DATA DIRECTORY=\'/a\'")',
        ]),
        "CREATE PROCEDURE shop.never() CREATE TABLE shop.a (i INT) DATA DIRECTORY = '/a'",
      )
    }
    await writers.untilCommitted(writers.committed + 400)
    await shop.run('DROP TABLE shop.victim')
    await writers.untilCommitted(writers.committed + 300)
    await writers.stop()
    dropped = await shop.gtidOf(/DROP TABLE/)
    beforeDrop = (await shop.rows(STATE.replace('shop.ledger', 'shop.ledger WHERE has_victim')))[0]
    follower.kill('SIGTERM')
    await follower.ended
    // Larger than a segment, which is then cut in its middle.
    await shop.run(
      'CREATE TABLE shop.big (i INT PRIMARY KEY, t LONGTEXT)',
      `INSERT INTO shop.big VALUES ${[1, 2, 3, 4, 5, 6].map(i => `(${i}, REPEAT('${i}', 900000))`).join()}`,
      'UPDATE shop.big SET t = REVERSE(t) WHERE i < 3',
    )
    const once = await shop.ecomdb(['backup', 'binlog', '--once', '--segment-mib', '1'])
    expect(once.status, once.stderr).toBe(0)
  })

  afterAll(async () => {
    await shop?.stop()
    await shop?.engine.scratchServers.remove(join(folder, 'target'))
    await rm(folder, { recursive: true, force: true })
  })

  /** As the broker makes it. */
  function sessionOf(person: string): string[] {
    const name = `s_${person}_0123456789ab`
    const limited = 'WITH MAX_USER_CONNECTIONS 3'
    const account = `CREATE USER ${name}@localhost IDENTIFIED BY 'Secret4' ${limited}`
    if (family === 'mysql') return [account]
    const grant = `GRANT r${name} TO ecomdb_issuer@localhost WITH ADMIN OPTION`
    return [account, `CREATE ROLE r${name}`, grant, `GRANT r${name} TO ${name}@localhost`]
  }

  async function pauseOf(writers: Writers): Promise<typeof pause> {
    await writers.pause()
    // The log knows seconds: this one has no transaction, and neither has the one after it.
    await nextSecond()
    const [state] = await shop.rows(STATE)
    const set = family === 'mysql' ? '@@gtid_executed' : '@@gtid_binlog_pos'
    const gtids = String(await shop.value(`SELECT ${set}`)).replaceAll('\n', '')
    const time = String(await shop.value('SELECT UTC_TIMESTAMP(6)'))
    await nextSecond()
    writers.goOn()
    return { state, gtids, time }
  }

  /** Until the server's clock shows another second. */
  async function nextSecond(): Promise<void> {
    const now = (): Promise<string | null> => shop.value('SELECT UNIX_TIMESTAMP()')
    const before = await now()
    await vi.waitFor(async () => expect(await now()).not.toBe(before), 60_000)
  }

  /** Restores into the target, and empties it again. */
  async function restored(
    args: string[],
    check: (server: RunningServer, output: string) => Promise<void>,
  ): Promise<void> {
    const ended = await shop.ecomdb(['restore', ...args, '--confirm', 'shop'], target)
    expect(ended.status, ended.stderr).toBe(0)
    await check(target, ended.stdout)
    await shop.rows('DROP DATABASE shop', target)
    await shop.rows('DROP DATABASE IF EXISTS ecomdb_audit', target)
    await shop.rows(
      "DROP USER IF EXISTS 'late'@'%', 'ecomdb_job'@'%', 'gone'@'%', 'gone'@'localhost', ecomdb_issuer@localhost, s_ann_of_the_shop@localhost",
      target,
    )
    await shop.rows('DROP ROLE IF EXISTS clerk, packer', target)
  }

  test('just before a table was dropped under load: every transaction before it, none after', async () => {
    await restored(['--before-gtid', dropped], async (server, output) => {
      const [found] = await shop.rows(STATE, server)
      const {
        audited: _audited,
        counted: _counted,
        ...expected
      } = beforeDrop as Record<string, unknown>
      expect(found).toMatchObject(expected)
      expect(found?.['audited']).toBe(found?.['rows_'])
      expect(String(found?.['counted'])).toBe(String(found?.['rows_']))
      expect(await shop.value('SELECT COUNT(*) FROM shop.victim', server)).toBe(
        String(found?.['rows_']),
      )
      expect(output).toContain(`just before GTID ${dropped}`)
      expect(output).toMatch(/first not +\S+/)
      expect(output).toMatch(/locked +.*'late'@'%'/)
      expect(output).toMatch(/disabled +shop\.hourly/)
      const locked = (await shop.rows("SHOW CREATE USER 'late'@'%'", server)).map(row =>
        Object.values(row).join(),
      )
      expect(locked.join()).toMatch(/ACCOUNT LOCK/)
    })
  })

  test('a program that is killed in the middle of the replay: never exit 0, and said what to do', async () => {
    const [tool, client] =
      family === 'mysql' ? ['mysqlbinlog', 'mysql'] : ['mariadb-binlog', 'mariadb']
    const args = ['restore', '--before-gtid', dropped, '--confirm', 'shop']
    const config = ['--config', join(folder, 'ecomdb.yaml')]
    for (const [name, script] of [
      [tool, (real: string) => `${real} "$@" | head -c 60000; kill -9 $$`],
      [
        client,
        (real: string) =>
          `exec 4<&0; exec ${real} "$@" < <(head -c 60000 <&4; sleep 0.5; kill -9 $$)`,
      ],
    ] as const) {
      const env = await wrapProgram(shop.engine, join(folder, 'dying'), name, script)
      const more = name === tool ? [] : ['--start-over']
      const died = await runEcomdb([...args, ...more, ...config], {
        env: { ...shop.environment(target), ...env },
      })
      expect([died.status, died.stderr]).toEqual([30, expect.stringContaining('SIGKILL')])
      expect(died.stderr).toContain('--start-over')
    }
    const again = await shop.ecomdb(args, target)
    expect(again.status, again.stdout).not.toBe(0)
    // As the log may have made one when it was cut short.
    await shop.rows("CREATE USER eve@'%' IDENTIFIED BY 'Secret-of-eve1!'", target)
    const met = await shop.ecomdb([...args, '--start-over'], target)
    expect(met.status, met.stdout).toBe(2)
    expect(met.stderr).toContain("hint: remove 'eve'@'%' (DROP USER), or lock what is yours")
    await shop.rows("DROP USER eve@'%'", target)
    await restored(['--before-gtid', dropped, '--start-over'], async server => {
      const found = (await shop.rows(STATE, server))[0]
      expect(found?.['rows_']).toBe((beforeDrop as typeof found)?.['rows_'])
    })
  })

  test('to a time', async () => {
    await restored(['--at', pause.time, '--time-zone', 'UTC'], async server => {
      expect((await shop.rows(STATE, server))[0]).toEqual(pause.state)
    })
    await restored(['--gtid', pause.gtids], async server => {
      // Neither the tables that were made later nor the rows, and every row from before.
      expect((await shop.rows(STATE, server))[0]).toEqual(pause.state)
      expect(await shop.rows("SHOW DATABASES LIKE 'ecomdb_audit'", server)).toEqual([])
      expect(await shop.value("SELECT COUNT(*) FROM mysql.user WHERE user = 'late'", server)).toBe(
        '1',
      )
    })
  })

  test('to a set of GTIDs: here all of them; a large transaction that was cut is whole', async () => {
    const set = family === 'mysql' ? '@@gtid_executed' : '@@gtid_binlog_pos'
    const all = String(await shop.value(`SELECT ${set}`)).replaceAll('\n', '')
    const window = await shop.ecomdb(['backup', 'window', '--json'])
    expect(window.status).toBe(0)
    await restored(['--gtid', all], async server => {
      for (const table of ['audit', 'totals', 'big', 'ledger']) {
        const sum = `CHECKSUM TABLE shop.${table}`
        const rows = `SELECT * FROM shop.${table} ORDER BY 1, 2`
        if (table !== 'big') expect(await shop.rows(rows, server)).toEqual(await shop.rows(rows))
        expect(await shop.rows(sum, server)).toEqual(await shop.rows(sum))
      }
    })
  })

  test('the data files of a physical snapshot, brought to just before the drop', async () => {
    const data = join(folder, 'files')
    const args = ['restore', '--data-dir', data, '--before-gtid', dropped]
    const plan = await shop.ecomdb([...args, '--dry-run'])
    expect(plan.status, plan.stderr).toBe(0)
    expect(plan.stdout).toMatch(/would replay [\d,]+ transactions/)
    const long = join(folder, 'x'.repeat(190), 'x'.repeat(190))
    const tooLong = await shop.ecomdb([...args.with(2, long), '--dry-run'])
    expect(tooLong.status, tooLong.stderr).toBe(78)
    expect(tooLong.stderr).toContain('is too long for a database server')
    // Where an installation has the server and nothing else.
    const bare = join(folder, 'bare')
    await mkdir(join(bare, 'sbin'), { recursive: true })
    const server = family === 'mysql' ? 'mysqld' : 'mariadbd'
    await symlink(
      join(shop.engine.installation().basedir, 'sbin', server),
      join(bare, 'sbin', server),
    )
    for (const asked of [args, ['restore', '--before-gtid', dropped]]) {
      const missing = await runEcomdb([...asked, '--config', join(folder, 'ecomdb.yaml')], {
        env: { ...shop.environment(target), [`ECOMDB_${family.toUpperCase()}_BASEDIR`]: bare },
      })
      expect(missing.status, missing.stderr).toBe(30)
      expect(missing.stderr).toMatch(/there is no \S+ on this machine/)
    }
    expect(existsSync(data)).toBe(false)
    const dying = (...how: Parameters<typeof dyingAt>) =>
      runEcomdb([...args, '--config', join(folder, 'ecomdb.yaml'), '--progress=json'], {
        env: { ...shop.environment(), ...dyingAt(...how) },
      })
    // Ctrl-C: the work has stopped before the directory is emptied, and nothing comes back.
    for (const step of [
      'reading, decrypting and writing files',
      'starting a private server on the files',
    ]) {
      const stopped = await dying(step, 'SIGINT')
      expect(stopped.status, stopped.stderr).toBe(130)
      expect(stopped.stderr).toContain('what was begun was cleaned up')
      expect(existsSync(data), step).toBe(false)
    }
    // Killed while its server runs: what it leaves is known as not whole.
    const died = await dying('replaying the binary log')
    expect(died.status, died.stderr).toBe(KILLED)
    expect(await readdir(join(folder, 'state'))).toContainEqual(expect.stringMatching(/^replay-/))
    const refused = await shop.ecomdb(args)
    expect(refused.status, refused.stderr).toBe(2)
    expect(refused.stderr).toContain('holds the files of a restore that was cut off')
    const ended = await shop.ecomdb([...args, '--start-over'])
    // The snapshot had no trail; the replay has brought one.
    expect(ended.status, ended.stderr).toBe(3)
    expect(ended.stdout).toContain('FINDING: the files bring an audit trail back')
    expect(ended.stdout).not.toContain('the log puts tables elsewhere')
    expect(ended.stdout).toMatch(/replay +ok +[\d,]+ transactions of \d+ segments?, to the last/)
    expect((await readdir(data)).filter(name => name.startsWith('.'))).toEqual([])
    // The one that was killed had the log there, decrypted.
    const state = await readdir(join(folder, 'state'))
    expect(state.filter(name => name.startsWith('replay-'))).toEqual([])
    await onFiles(data, async server => {
      const [found] = await shop.rows(STATE, server)
      const { audited: _a, counted: _c, ...expected } = beforeDrop as Record<string, unknown>
      expect(found).toMatchObject(expected)
      const rows = String(found?.['rows_'])
      expect(await shop.value('SELECT COUNT(*) FROM shop.victim', server)).toBe(rows)
      // As they were at the moment: nobody is locked, and no account of ours is left.
      const late = await shop.rows("SHOW CREATE USER 'late'@'%'", server)
      expect(JSON.stringify(late)).not.toMatch(/ACCOUNT LOCK/)
      expect(
        await shop.value(
          "SELECT status FROM information_schema.events WHERE event_name = 'hourly'",
          server,
        ),
      ).toBe('ENABLED')
      expect(
        await shop.rows("SELECT user FROM mysql.user WHERE user LIKE 'ecomdb_drill%'", server),
      ).toEqual([])
      expect(await shop.rows(YEARLY, server)).toEqual([
        { definer: 'root@localhost', status: 'DISABLED', client: 'latin1' },
      ])
      expect(JSON.stringify(await shop.rows("SHOW GRANTS FOR 'late'@'%'", server))).toMatch(
        /clerk.*packer/,
      )
      if (family === 'mariadb') {
        expect(
          await shop.rows(
            "SELECT 1 FROM mysql.roles_mapping WHERE User LIKE 'ecomdb_drill%'",
            server,
          ),
        ).toEqual([])
        // Who made it may grant it.
        expect(ended.stdout).not.toContain('who may grant packer')
        await shop.rows("GRANT packer TO 'ecomdb_job'@'%'", server)
      }
      if (family === 'mysql') {
        const has = `SELECT GTID_SUBSET('${dropped}', @@gtid_executed)`
        expect(await shop.value(has, server)).toBe('0')
        expect(ended.stdout).toMatch(/gtids +ok +the restored server has those of the log/)
      }
    })
  })

  /** Says in the repository that somebody has left now, with both accounts. */
  async function leave(person: string): Promise<void> {
    const target = openDirectoryTarget(shop.place.path)
    const receipt = {
      format: 1,
      receiptId: uuidV7(new Date()),
      repositoryId: (await openRepository(target)).id,
      person,
      startedAt: new Date().toISOString(),
      accounts: ['%', 'localhost'].map(host => ({ user: person, host })),
    }
    await putLeaverReceipt(target, receipt as unknown as LeaverReceipt, shop.place.keys.signingKey)
  }

  test('who has left since does not come back: in rows, at a moment, in data files', async () => {
    const count = "SELECT COUNT(*) FROM mysql.user WHERE user = 'gone'"
    const isGone = async (server: RunningServer): Promise<void> => {
      expect(await shop.value(count, server)).toBe('0')
    }
    await leave('gone')
    await restored(['latest'], isGone)
    // The log makes one of the accounts, and gives rights to the other.
    const moment = ['--at', pause.time, '--time-zone', 'UTC']
    await restored(moment, isGone)
    const data = join(folder, 'without')
    const files = await shop.ecomdb(['restore', '--data-dir', data, ...moment])
    expect([files.status, files.stdout]).toEqual([3, expect.stringContaining('--init-file=')])
    await onFiles(data, isGone)
    await rm(join(shop.place.path, 'leavers'), { recursive: true })
  })

  test('session accounts of the broker do not come back: in rows, at a moment, in data files', async () => {
    const names = "SELECT user AS name FROM mysql.user WHERE user LIKE '%s\\_%\\_%' ORDER BY user"
    const areGone = async (server: RunningServer): Promise<void> => {
      const found = await shop.rows(names, server)
      const theirs = found.map(({ name }) => String(name)).filter(name => /^r?s_/.test(name))
      expect(theirs).toEqual(['s_ann_of_the_shop', 's_import_202611290130'])
    }
    await restored(['latest'], areGone)
    const moment = ['--at', pause.time, '--time-zone', 'UTC']
    await restored(moment, async (server, output) => {
      await areGone(server)
      expect(output).toMatch(/dropped +[12] session accounts? of the broker/)
      expect(output).not.toMatch(/^locked .*s_(ann|bob)_0/m)
    })
    const data = join(folder, 'sessions')
    const toMoment = await shop.ecomdb(['restore', '--data-dir', data, ...moment])
    expect(toMoment.status, toMoment.stderr).toBe(0)
    expect(toMoment.stdout).toMatch(/dropped +2 session accounts of the broker/)
    expect(existsSync(join(data, 'ecomdb-leavers.sql'))).toBe(false)
    await onFiles(data, areGone)
    const files = await shop.ecomdb(['restore', 'latest', '--data-dir', data])
    expect([files.status, files.stdout]).toEqual([
      3,
      expect.stringMatching(/FINDING: session accounts .* start the server with --init-file=/),
    ])
    await onFiles(data, areGone)
  })

  /** The server that somebody starts on restored files: with what they bring, and no more. */
  async function onFiles(
    data: string,
    use: (server: RunningServer) => Promise<void>,
  ): Promise<void> {
    const { scratchServers } = shop.engine
    const place = await scratchServers.claim(join(folder, 'on-files'))
    await rename(data, join(place, 'data'))
    const initFile = join(place, 'data', 'ecomdb-leavers.sql')
    const serverOptions = existsSync(initFile) ? [`--init-file=${initFile}`] : []
    const how = { tcp: false, purpose: 'drill', serverOptions } as const
    try {
      await use(await scratchServers.start({ folder: place, ...how }))
    } finally {
      await scratchServers.remove(place)
    }
  }

  test('a drill restores a second of the window, drawn by lot', async () => {
    const drilled = await shop.ecomdb(['drill', '--any-moment', '--json'])
    expect(drilled.status, drilled.stdout).toBe(0)
    const { moment, momentTransactions, checks } = JSON.parse(drilled.stdout).result
    expect(moment).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/)
    const [check] = checks.filter(({ name }: { name: string }) => name === 'moment')
    expect(check).toMatchObject({ outcome: 'passed' })
    expect(check.summary).toContain(`${momentTransactions.toLocaleString('en-US')} transactions`)
  })

  // MySQL ignores DATA DIRECTORY of MyISAM, and refuses that of InnoDB outside of innodb_directories.
  if (family === 'mariadb') {
    test('tables that the log puts elsewhere are made in the data directory, and nothing is changed there', async () => {
      const away = await makeFolder()
      const engines = ['MyISAM', 'Aria', 'InnoDB']
      const names = engines.map(engine => `shop.away_${engine}`).join(', ')
      await writeFile(join(away, 'kept'), '', { mode: 0o604 })
      await shop.run(
        ...engines.map(
          engine =>
            `CREATE TABLE shop.away_${engine} ENGINE = ${engine} DATA DIRECTORY = '${away}' SELECT 1 AS i`,
        ),
        `DROP TABLE ${names}`,
        'SET sql_log_bin = 0',
        'CREATE TABLE shop.unlogged (i INT)',
        'SET sql_log_bin = 1',
        'INSERT INTO shop.unlogged VALUES (1)',
        'DROP TABLE shop.unlogged',
      )
      const state = async () => [
        (await readdir(away, { recursive: true })).toSorted(),
        (await stat(join(away, 'kept'))).mode,
      ]
      const before = await state()
      const once = await shop.ecomdb(['backup', 'binlog', '--once'])
      expect(once.status, once.stderr).toBe(0)
      const data = join(folder, 'away')
      const restore = async (statement: RegExp) => {
        const gtid = await shop.gtidOf(statement)
        return await shop.ecomdb(['restore', '--data-dir', data, '--before-gtid', gtid])
      }
      const ended = await restore(/DROP TABLE.*away/)
      expect(ended.status, ended.stderr).toBe(3)
      expect(ended.stdout).toContain('FINDING: the log puts tables elsewhere')
      expect(await state()).toEqual(before)
      await onFiles(data, async server => {
        for (const engine of engines) {
          expect(await shop.value(`SELECT i FROM shop.away_${engine}`, server)).toBe('1')
        }
      })
      const gtid = await shop.gtidOf(/DROP TABLE.*away/)
      const rows = await shop.ecomdb(
        ['restore', '--before-gtid', gtid, '--confirm', 'shop'],
        target,
      )
      expect(rows.status, rows.stderr).toBe(3)
      expect(rows.stdout).toContain('FINDING: the log puts tables elsewhere')
      expect(await state()).toEqual(before)
      expect(await shop.value('SELECT i FROM shop.away_Aria', target)).toBe('1')
      for (const name of ['shop', 'ecomdb_audit']) {
        await shop.rows(`DROP DATABASE ${name}`, target)
      }
      await shop.rows(
        "DROP USER IF EXISTS 'late'@'%', 'ecomdb_job'@'%', 'gone'@'%', 'gone'@'localhost'",
        target,
      )
      await shop.rows('DROP ROLE IF EXISTS clerk, packer', target)
      await rm(away, { recursive: true })
      // Rows of a table that the log does not make are refused: the server and its files are gone then.
      const failed = await restore(/DROP TABLE.*unlogged/)
      expect(failed.status, failed.stderr).toBe(30)
      expect(failed.stderr).toContain('code: SERVER_REFUSED')
      expect(failed.stderr).toContain('nothing of the restore is left in the directory')
      expect(failed.stderr).not.toMatch(/--resume|--start-over|the server holds/)
      expect(existsSync(data)).toBe(false)
    })
  }

  test('a snapshot in the middle of a log file of which more than one segment was stored', async () => {
    const archived = async (): Promise<void> => {
      const once = await shop.ecomdb(['backup', 'binlog', '--once', '--quiet'])
      expect(once.status, once.stderr).toBe(0)
    }
    await shop.run('FLUSH BINARY LOGS', 'CREATE TABLE shop.late (i INT PRIMARY KEY)')
    await archived()
    await shop.run('INSERT INTO shop.late VALUES (1)')
    const set = family === 'mysql' ? '@@gtid_executed' : '@@gtid_binlog_pos'
    const executed = async (): Promise<string> =>
      String(await shop.value(`SELECT ${set}`)).replaceAll('\n', '')
    const first = await executed()
    await archived()
    await shop.run('INSERT INTO shop.late VALUES (2)')
    const backup = await shop.ecomdb(['backup', 'logical', '--quiet'])
    expect(backup.status, backup.stderr).toBe(0)
    await shop.run('INSERT INTO shop.late VALUES (3)')
    await archived()
    // The next transaction is in the next segment.
    const plan = await shop.ecomdb(['restore', '--gtid', first, '--dry-run'], target)
    const nextGtid = first.replace(/(:.*?)?(\d+)$/, (_, colon, n) => `${colon ? ':' : ''}${+n + 1}`)
    expect(plan.stdout, plan.stderr).toContain(`first not    ${nextGtid} of `)
    await restored(['--gtid', await executed()], async (server, output) => {
      expect(output).toContain('replayed 1 transaction')
      expect(output).toContain('first not    the archived log ends there')
      expect(await shop.rows('SELECT i FROM shop.late ORDER BY i', server)).toHaveLength(3)
    })
    // One session replays it all: a temporary table is there behind the borders of files and segments.
    const session = await shop.engine.connect(shop.source.administrator)
    await session.run(`SET binlog_format = ${family === 'mysql' ? 'STATEMENT' : 'MIXED'}`)
    await session.run('CREATE TEMPORARY TABLE shop.passing (i INT PRIMARY KEY)')
    await session.run('INSERT INTO shop.passing VALUES (4)')
    await session.run('FLUSH BINARY LOGS')
    await session.run('INSERT INTO shop.passing VALUES (5)')
    await archived()
    await session.run('INSERT INTO shop.late SELECT i FROM shop.passing')
    await session.close()
    await archived()
    await restored(['--gtid', await executed()], async server => {
      expect(await shop.rows('SELECT i FROM shop.late ORDER BY i', server)).toHaveLength(5)
    })
  })

  test('a snapshot whose drill failed is no start, unless it is named', async () => {
    vi.stubEnv('ECOMDB_STATE', join(folder, 'state'))
    const drill = async (meddle: boolean): Promise<string> => {
      const onRestored = async (connect: ConnectOptions): Promise<void> => {
        const session = await shop.engine.connect(connect)
        if (meddle) await session.run('DELETE FROM shop.late')
        await session.close()
      }
      const report = await drillSnapshot(shop.place.drillOptions({ onRestored }), silentProgress())
      expect(report.outcome).toBe(meddle ? 'failed' : 'passed')
      return report.snapshotId
    }
    const window = async (): Promise<{ snapshots: { snapshotId: string }[]; bad: string[] }> =>
      (await shop.ecomdb(['backup', 'window', '--json'])).json().result.sources[0].stretches[0]
    const set = family === 'mysql' ? '@@gtid_executed' : '@@gtid_binlog_pos'
    const all = String(await shop.value(`SELECT ${set}`)).replaceAll('\n', '')
    const plan = async (...args: string[]): Promise<string> => {
      const ended = await shop.ecomdb(['restore', ...args, '--gtid', all, '--dry-run'], target)
      expect(ended.status, ended.stderr).toBe(0)
      return ended.stdout
    }
    const bad = await drill(true)
    expect(await window()).toMatchObject({ bad: [bad], snapshots: [{}] })
    expect(await plan()).not.toContain(`snapshot     ${bad}`)
    expect(await plan(bad)).toContain(`snapshot     ${bad}`)
    await drill(false)
    expect(await window()).toMatchObject({ bad: [], snapshots: [{}, { snapshotId: bad }] })
    expect(await plan()).toContain(`snapshot     ${bad}`)
    vi.unstubAllEnvs()
  })

  // MySQL's only.
  if (family === 'mysql') {
    test('a database that was READ ONLY is brought to the moment, and is READ ONLY again', async () => {
      await shop.run(
        'CREATE DATABASE frozen',
        'CREATE TABLE frozen.f (id INT PRIMARY KEY)',
        'CREATE DEFINER = root@localhost EVENT frozen.nightly ON SCHEDULE EVERY 1 DAY STARTS "2037-01-01" DO DELETE FROM frozen.f',
        'ALTER DATABASE frozen READ ONLY = 1',
      )
      for (const method of ['logical', 'physical']) {
        const backup = await shop.ecomdb(['backup', method])
        expect(backup.status, backup.stderr).toBe(0)
      }
      await shop.run(
        'ALTER DATABASE frozen READ ONLY = 0',
        'INSERT INTO frozen.f VALUES (1)',
        'ALTER EVENT frozen.nightly COMMENT "moved"',
        'ALTER DATABASE frozen READ ONLY = 1',
      )
      const once = await shop.ecomdb(['backup', 'binlog', '--once'])
      expect(once.status, once.stderr).toBe(0)
      const all = String(await shop.value('SELECT @@gtid_executed')).replaceAll('\n', '')
      const state = async (server: RunningServer): Promise<unknown> => [
        await shop.rows('SELECT id FROM frozen.f', server),
        await shop.rows(
          `SELECT o.options AS options, e.definer AS definer, e.status AS status, e.event_comment AS comment
             FROM information_schema.events e
             JOIN information_schema.schemata_extensions o ON o.schema_name = e.event_schema
            WHERE e.event_name = 'nightly'`,
          server,
        ),
      ]
      const as = (status: string): unknown => [
        [{ id: 1 }],
        [{ options: 'READ ONLY=1', definer: 'root@localhost', status, comment: 'moved' }],
      ]
      const data = join(folder, 'frozen-files')
      const files = await shop.ecomdb(['restore', '--data-dir', data, '--gtid', all])
      expect(files.stdout, files.stderr).toMatch(/replay +ok/)
      await onFiles(data, async server => expect(await state(server)).toEqual(as('ENABLED')))
      await restored(['--gtid', all], async server => {
        expect(await state(server)).toEqual(as('DISABLED'))
        await shop.rows('ALTER DATABASE frozen READ ONLY = 0', server)
        await shop.rows('DROP DATABASE frozen', server)
      })
      await shop.run('ALTER DATABASE frozen READ ONLY = 0', 'DROP DATABASE frozen')
    })
  }

  test('wrong moments, parts, and damaged segments are refused before anything is changed', async () => {
    const restore = (...args: string[]) =>
      shop.ecomdb(['restore', ...args, '--confirm', 'shop'], target)
    const other = family === 'mysql' ? '0-1-5' : '00000000-0000-0000-0000-000000000000:5'
    const unknown = family === 'mysql' ? dropped.replace(/\d+$/, '999999') : '0-1-999999'
    for (const [status, ...args] of [
      [2, '--gtid', other],
      [10, '--before-gtid', unknown],
      [10, '--at', '2099-01-01 00:00:00Z'],
      [78, '--at', `${pause.time}Z`, '--databases', 'shop'],
    ] as const) {
      const ended = await restore(...args)
      expect(ended.status, `${args.join(' ')}: ${ended.stderr}`).toBe(status)
    }
    // It is in the log, and from before the first snapshot: nothing to replay it onto.
    const early = await restore(
      '--gtid',
      family === 'mysql' ? dropped.replace(/\d+$/, '3') : '0-1-3',
    )
    expect(early.status).toBe(10)
    expect(early.stderr).toContain('the archived log has it, but no logical snapshot of the whole')
    const span = await shop.ecomdb(['restore', '--before-gtid', dropped, '--dry-run'], target)
    expect(span.status, span.stderr).toBe(0)
    await damageOrMend()
    const damaged = await restore('--before-gtid', dropped)
    expect(damaged.status, damaged.stderr).toBe(13)
    expect(damaged.stderr).toContain('code: OBJECT_DAMAGED (exit 13)')
    expect(await shop.rows("SHOW DATABASES LIKE 'shop'", target)).toEqual([])
    await damageOrMend()
  })

  test('a drill that failed at its moment only is not said to have passed, nor its snapshot to be bad', async () => {
    const output = async (...args: string[]): Promise<string> => {
      const ended = await shop.ecomdb(args)
      expect(ended.status, ended.stderr).toBe(args[0] === 'drill' ? 13 : 0)
      return ended.stdout
    }
    await shop.run('CREATE TABLE shop.before (i INT)')
    await output('backup', 'logical')
    await shop.run('DROP TABLE shop.before')
    await output('backup', 'binlog', '--once')
    await damageOrMend()
    const drilled = await output('drill', '--any-moment')
    await damageOrMend()
    const [, snapshot] = /^snapshot +(\S+)/m.exec(drilled) ?? []
    expect(drilled).toMatch(/^NOT PROVED: moment failed, of the log; the snapshot came back/m)
    const set = family === 'mysql' ? '@@gtid_executed' : '@@gtid_binlog_pos'
    const all = String(await shop.value(`SELECT ${set}`)).replaceAll('\n', '')
    const plan = await shop.ecomdb(['restore', '--gtid', all, '--dry-run'], target)
    expect(plan.stdout, plan.stderr).toMatch(
      new RegExp(`${snapshot}, came back in a drill whose moment failed, at 20`),
    )
    expect(await output('backup', 'list')).toMatch(new RegExp(`${snapshot}.*moment FAILED 20`))
    expect(await output('backup', 'show', snapshot ?? '')).toMatch(
      /drill +failed \S+, only at its moment of the log: the snapshot came back/,
    )
    const { stdout: expire } = await shop.ecomdb(['backup', 'expire'])
    expect(expire).toMatch(new RegExp(`${snapshot}.*drilled +keep`))
    const { stdout: history } = await shop.ecomdb(['drill', 'history'])
    expect(history).toMatch(
      /moment FAILED[\s\S]*the newest drill FAILED at its moment of the log; its snapshot came back/,
    )
    const { stdout: status } = await shop.ecomdb(['status'])
    expect(status).toMatch(/FAILED at its moment of the log; the snapshot/)
  })

  /** One byte of every segment of the log; twice leaves them as they were. */
  async function damageOrMend(): Promise<void> {
    const names = await readdir(join(shop.place.path, 'binlog'), { recursive: true })
    for (const name of names.filter(name => name.endsWith('.age'))) {
      const path = join(shop.place.path, 'binlog', name)
      const bytes = await readFile(path)
      await writeFile(path, bytes.fill((bytes[300] ?? 0) ^ 1, 300, 301))
    }
  }
})
