import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import type { RunningServer } from '#engine/scratch-server'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { LoggedShop, startLogged } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

/** The last one's day is another one in what São Paulo is today than in what it was then. */
const MOMENTS = ['2026-06-01 22:30:00', '2026-06-02 03:30:00', '2015-01-15 02:30:00']

const CHANGED = "UPDATE shop.days SET c = '2026-12-24 12:00:00' WHERE id = 1"
const CHANGED_OLD = "UPDATE shop.days SET c = '2026-12-24 12:00:00' WHERE id = 3"

const ZONES = [
  ['a system in UTC+2 into one in UTC', 'BER-2', 'UTC'],
  ['a zone that had a summer time, into the same', 'America/Sao_Paulo', 'America/Sao_Paulo'],
] as const

const CASES = SLOW_TEST_ENGINES.flatMap(family =>
  ZONES.filter(([, zone]) => !zone.includes('/') || existsSync(`/usr/share/zoneinfo/${zone}`)).map(
    zones => [family, ...zones] as const,
  ),
)

test.each(CASES)('%s: a replay changes rows in the zone of their keys: %s', async (...of) => {
  const [family, , zone, here] = of
  const folder = await makeFolder()
  vi.stubEnv('TZ', zone)
  const shop = await LoggedShop.make(family, folder, ['--binlog-format=ROW'])
  vi.stubEnv('TZ', here)
  const target = await startLogged(shop.engine, join(folder, 'target'))
  vi.unstubAllEnvs()
  const faults = async (server: RunningServer): Promise<unknown[]> => {
    const told = await shop.rows('CHECK TABLE shop.days', server)
    return told.map(row => row['Msg_text'])
  }
  try {
    await shop.run(
      'CREATE DATABASE shop',
      'CREATE TABLE shop.days (id INT PRIMARY KEY, c TIMESTAMP NOT NULL, day DATE AS (DATE(c)) VIRTUAL, KEY (day))',
    )
    for (const [at, moment] of MOMENTS.entries()) {
      const seconds = Date.parse(`${moment}Z`) / 1000
      await shop.run(
        "SET time_zone = 'SYSTEM'",
        `INSERT INTO shop.days (id, c) VALUES (${at + 1}, FROM_UNIXTIME(${seconds}))`,
      )
    }
    const backup = await shop.ecomdb(['backup', 'logical'])
    expect(backup.status, backup.stderr).toBe(0)
    await shop.run("SET time_zone = 'SYSTEM'", CHANGED)
    // The log may say the zone of a definition, and MariaDB's none of the rows behind it.
    await shop.run(
      "SET time_zone = '+13:00'",
      "CREATE TABLE shop.other (c TIMESTAMP NOT NULL DEFAULT '2026-01-01 00:00:00')",
    )
    await shop.run("SET time_zone = 'SYSTEM'", CHANGED_OLD)
    expect(await faults(shop.source)).toEqual(['OK'])
    await shop.ecomdb(['backup', 'binlog', '--once'])
    const set = family === 'mysql' ? '@@gtid_executed' : '@@gtid_binlog_pos'
    const gtids = String(await shop.value(`SELECT ${set}`)).replaceAll('\n', '')
    const done = await shop.ecomdb(['restore', '--gtid', gtids, '--confirm', 'shop'], target)
    // What hangs on the zone.
    expect(done.status, done.stderr).toBe(3)
    expect(done.stdout).not.toContain('statements of the log depend')
    expect(await faults(target)).toEqual(['OK'])
    const found = `SELECT GROUP_CONCAT(CONCAT(id, ' ', day) ORDER BY id) FROM shop.days FORCE INDEX (day) WHERE day > '2000-01-01'`
    const session = await shop.engine.connect(target.administrator)
    await session.run(`SET time_zone = '${zone === here ? 'SYSTEM' : '+02:00'}'`)
    const own = await shop.engine.connect(shop.source.administrator)
    await own.run("SET time_zone = 'SYSTEM'")
    expect(await session.value(found)).toBe(await own.value(found))
    await Promise.all([session.close(), own.close()])
    const made = "SELECT COLUMN_DEFAULT FROM information_schema.COLUMNS WHERE TABLE_NAME = 'other'"
    expect(await shop.value(made, target)).toBe(await shop.value(made))
  } finally {
    await shop.engine.scratchServers.remove(target.folder)
    await shop.stop()
    await rm(folder, { recursive: true, force: true })
  }
})
