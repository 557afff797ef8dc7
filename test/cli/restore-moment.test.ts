import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunningServer } from '#engine/scratch-server'
import { TEST_ENGINES } from '#test/engines'
import { LEDGER, LoggedShop, startLogged, Writers } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

/** Rows of the ledger, and what the trigger and the update made of them, compared in the server. */
const STATE = `SELECT COUNT(*) AS rows_, SUM(has_victim) AS victims, CAST(SUM(twice) AS CHAR) AS twice,
   (SELECT COUNT(*) FROM shop.audit) AS audited, (SELECT SUM(n) FROM shop.totals) AS counted,
   CAST(BIT_XOR(CRC32(CONCAT(writer, '-', seq))) AS CHAR) AS sum FROM shop.ledger`

describe.each(TEST_ENGINES)('%s: ecomdb restore to a moment', family => {
  let folder: string
  let shop: LoggedShop
  let dropped: string
  /** At a pause of the writers. */
  let pause: { state: unknown; gtids: string; time: string }
  /** What must be there just before the drop. */
  let beforeDrop: unknown

  beforeAll(async () => {
    folder = await makeFolder()
    shop = await LoggedShop.make(family, folder)
    await shop.run(...LEDGER)
    const writers = new Writers(shop, 8)
    const follower = shop.follow('--segment-seconds', '1')
    await writers.untilCommitted(100)
    const backup = await shop.ecomdb(['backup', 'logical'])
    expect(backup.status, backup.stderr).toBe(0)
    await shop.run(
      "CREATE USER 'late'@'%' IDENTIFIED BY 'Secret1'",
      "CREATE USER 'ecomdb_job'@'%' IDENTIFIED BY 'Secret2'",
      'CREATE EVENT shop.hourly ON SCHEDULE EVERY 1 SECOND DO INSERT INTO shop.audit VALUES (9, 9)',
    )
    await writers.untilCommitted(400)
    pause = await pauseOf(writers)
    await writers.untilCommitted(800)
    await shop.run('DROP TABLE shop.victim')
    await writers.untilCommitted(1100)
    await writers.stop()
    dropped = await shop.gtidOf(/DROP TABLE/)
    beforeDrop = (await shop.rows(STATE.replace('shop.ledger', 'shop.ledger WHERE has_victim')))[0]
    follower.kill('SIGTERM')
    await follower.ended
    const once = await shop.ecomdb(['backup', 'binlog', '--once'])
    expect(once.status, once.stderr).toBe(0)
  })

  afterAll(async () => {
    await shop?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  async function pauseOf(writers: Writers): Promise<typeof pause> {
    writers.paused = true
    await sleep(1500)
    const [state] = await shop.rows(STATE)
    const set = family === 'mysql' ? '@@gtid_executed' : '@@gtid_binlog_pos'
    const gtids = String(await shop.value(`SELECT ${set}`)).replaceAll('\n', '')
    const time = String(await shop.value('SELECT UTC_TIMESTAMP(6)'))
    await sleep(1100)
    writers.paused = false
    return { state, gtids, time }
  }

  async function restored(
    name: string,
    args: string[],
    check: (server: RunningServer, output: string) => Promise<void>,
  ): Promise<void> {
    const server = await startLogged(shop.engine, join(folder, name))
    try {
      const ended = await shop.ecomdb(['restore', ...args, '--confirm', 'shop'], server)
      expect(ended.status, ended.stderr).toBe(0)
      await check(server, ended.stdout)
    } finally {
      await shop.engine.scratchServers.remove(server.folder)
    }
  }

  test('just before a table was dropped under load: every transaction before it, none after', async () => {
    await restored('gtid', ['--before-gtid', dropped], async (server, output) => {
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
      expect(output).toMatch(/locked +'late'@'%'/)
      expect(output).toMatch(/disabled +shop\.hourly/)
      const locked = (await shop.rows("SHOW CREATE USER 'late'@'%'", server)).map(row =>
        Object.values(row).join(),
      )
      expect(locked.join()).toMatch(/ACCOUNT LOCK/)
    })
  })

  test('to a set of GTIDs, and to a time', async () => {
    await restored('set', ['--gtid', pause.gtids], async server => {
      expect((await shop.rows(STATE, server))[0]).toEqual(pause.state)
    })
    await restored('time', ['--at', pause.time, '--time-zone', 'UTC'], async server => {
      expect((await shop.rows(STATE, server))[0]).toEqual(pause.state)
    })
  })
})
