import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { EngineFamily } from '#domain/engine-family'
import type { SqlRow } from '#engine/session'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { LoggedShop, startLogged } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

// A log with holes looks like one without: no restore may lead over what a server did not log.

const GTIDS: Readonly<Record<EngineFamily, string>> = {
  mariadb: 'SELECT @@gtid_binlog_pos',
  mysql: "SELECT REPLACE(@@gtid_executed, '\n', '')",
}

class HoledLog {
  readonly shop: LoggedShop
  readonly family: EngineFamily
  constructor(shop: LoggedShop) {
    this.shop = shop
    this.family = shop.family
  }

  async ecomdb(status: number, ...args: string[]): Promise<string> {
    const result = await this.shop.ecomdb([...args, '--quiet'])
    expect(result.status, `${args}: ${result.stdout}${result.stderr}`).toBe(status)
    return result.stdout + result.stderr
  }

  archive = (status = 0) => this.ecomdb(status, 'backup', 'binlog', '--once')

  /** The moment of all that is archived, restored; it is to have the rows of the source. */
  async restoresAll(folder: string): Promise<void> {
    const { shop } = this
    const target = await startLogged(shop.engine, join(folder, 'target'))
    try {
      const to = ['restore', '--gtid', await this.now(), '--confirm', 'shop', '--quiet']
      const restored = await shop.ecomdb(to, target)
      expect(restored.status, restored.stderr).toBe(0)
      for (const table of ['shop.t', 'shop.m']) {
        const rows = (server = shop.source): Promise<SqlRow[]> =>
          shop.rows(`SELECT i FROM ${table} ORDER BY i`, server)
        expect(await rows(target)).toEqual(await rows())
      }
    } finally {
      await shop.engine.scratchServers.remove(target.folder)
    }
  }

  now = async (): Promise<string> => String(await this.shop.value(GTIDS[this.family]))
}

async function withLog(
  family: EngineFamily,
  serverOptions: readonly string[],
  use: (log: HoledLog, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await makeFolder()
  const shop = await LoggedShop.make(family, folder, serverOptions)
  try {
    await shop.run(
      'CREATE DATABASE shop',
      'CREATE TABLE shop.t (i INT PRIMARY KEY)',
      'CREATE TABLE shop.m (i INT, s LONGTEXT) ENGINE = MyISAM',
    )
    await use(new HoledLog(shop), folder)
  } finally {
    await shop.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

const OFF = {
  'binlog_ignore_db, for a while': ['--binlog-ignore-db=shop', 'leaves out shop'],
  'no log, for a while': ['--skip-log-bin', 'wrote no binary log'],
} as const

test.each(
  SLOW_TEST_ENGINES.flatMap(family =>
    Object.entries(OFF).map(([name, how]) => [family, name, ...how]),
  ),
)('%s: %s: no restore leads over it', async (family, _name, option, why) => {
  await withLog(family as EngineFamily, [], async (log, folder) => {
    const { shop } = log
    await log.ecomdb(0, 'backup', 'logical')
    await log.archive()
    await shop.restart(option)
    await shop.run('USE shop', 'INSERT INTO t VALUES (1)')
    expect(await log.archive(78)).toMatch(/binlog_ignore_db|log_bin is OFF/)
    const without = await log.ecomdb(0, 'backup', 'logical')
    expect(without).toContain('no binary log position')
    await shop.run('USE shop', 'INSERT INTO t VALUES (2)')
    await log.archive(78)
    const open = await log.ecomdb(3, 'backup', 'window')
    expect(open).toMatch(new RegExp(`GAP .* to now: .*${why}`))

    await shop.restart()
    await shop.run('INSERT INTO shop.t VALUES (3)')
    await log.archive()
    expect(await log.ecomdb(3, 'backup', 'window')).toMatch(new RegExp(`GAP .* to now: .*${why}`))
    const refused = await log.ecomdb(10, 'restore', '--gtid', await log.now(), '--dry-run')
    expect(refused).toContain('1 from before a time of which the log lacks changes')

    const snapshot = await log.ecomdb(0, 'backup', 'logical')
    await shop.run('INSERT INTO shop.t VALUES (4)')
    await log.archive()
    const [id = 'none'] = /[0-9a-f-]{36}/.exec(snapshot) ?? []
    const window = await log.ecomdb(3, 'backup', 'window')
    expect(window).toMatch(new RegExp(`snapshots +${id}\n`))
    expect(window).not.toContain('to now')
    await log.restoresAll(folder)
  })
})

test.each(SLOW_TEST_ENGINES)('%s: what the server could not log is a gap', async family => {
  const options = ['--max-binlog-stmt-cache-size=4096', '--binlog-stmt-cache-size=4096']
  await withLog(family, options, async (log, folder) => {
    const { shop } = log
    await log.ecomdb(0, 'backup', 'logical')
    await shop.run('INSERT INTO shop.t VALUES (1)')
    const before = await log.now()
    const rows = Array.from({ length: 9 }, (_, i) => `(${i}, REPEAT('x', 30000))`)
    const large = shop.run("SET binlog_format = 'ROW'", `INSERT INTO shop.m VALUES ${rows}`)
    await expect(large).rejects.toThrow('max_binlog_stmt_cache_size')
    await shop.run('INSERT INTO shop.t VALUES (2)')
    expect(await log.archive(13)).toContain('the binary log lacks a change that the server made')
    expect(await log.archive()).toContain('archived 0 transactions')
    await log.ecomdb(10, 'restore', '--gtid', await log.now(), '--dry-run')
    // Before it all is there: it is the server that is not empty.
    const found = await log.ecomdb(2, 'restore', '--gtid', before, '--dry-run')
    expect(found).toContain('TARGET_NOT_EMPTY')
    await log.ecomdb(0, 'backup', 'logical')
    await shop.run('INSERT INTO shop.t VALUES (3)')
    await log.archive()
    const window = await log.ecomdb(3, 'backup', 'window')
    expect(window).toMatch(/GAP .*Z to .*Z: the server did not log all .* noted an incident/)
    await log.restoresAll(folder)
  })
})

test.each(SLOW_TEST_ENGINES)(
  '%s: a server that stops logging until it is started again',
  async family => {
    const elsewhere = await makeFolder()
    const logs = join(elsewhere, 'logs')
    await mkdir(logs)
    const options = [
      ...[`--log-bin=${logs}/binlog`, `--log-bin-index=${logs}/binlog.index`],
      ...(family === 'mysql' ? ['--binlog-error-action=IGNORE_ERROR'] : []),
    ]
    // MySQL's files have no trace of it: the archiver says so before, and where it runs meanwhile notes it.
    const loose = family === 'mysql' ? 3 : 0
    const behind = family === 'mysql' ? 3 : 13
    await withLog(family, options, async (log, folder) => {
      const { shop } = log
      const failing = async (row: number, meanwhile: () => Promise<unknown>) => {
        await rename(logs, `${logs}.away`)
        await shop.run('FLUSH BINARY LOGS').catch(() => {})
        await shop.run(`INSERT INTO shop.t VALUES (${row})`)
        await meanwhile()
        await rename(`${logs}.away`, logs)
        await shop.restart(...options)
        await shop.run(`INSERT INTO shop.t VALUES (${row + 1})`)
        const told = await log.archive(behind)
        if (behind === 13) expect(told).toContain('was changed while the server did not log')
        expect(await log.archive(loose)).toContain('archived 0 transactions')
        await log.ecomdb(10, 'restore', '--gtid', await log.now(), '--dry-run')
        const window = await log.ecomdb(3, 'backup', 'window')
        expect(window).toMatch(/GAP .*(could not begin the next file|wrote no binary log)/)
        await log.ecomdb(0, 'backup', 'logical')
      }
      await log.ecomdb(0, 'backup', 'logical')
      const told = await log.archive(loose)
      if (loose !== 0) expect(told).toContain('binlog_error_action = IGNORE_ERROR')
      if (family === 'mariadb') await failing(1, async () => {})
      await failing(3, async () => {
        expect(await log.archive(78)).toContain('it stopped logging when it could not write')
      })
      // A start of the server is none by itself, nor is a next file.
      await shop.run('FLUSH BINARY LOGS', 'INSERT INTO shop.t VALUES (5)')
      await shop.restart(...options)
      await shop.run('INSERT INTO shop.t VALUES (6)')
      await log.archive(loose)
      await log.restoresAll(folder)
    }).finally(() => rm(elsewhere, { recursive: true, force: true }))
  },
)
