import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import { silentProgress } from '#core/progress'
import { openDirectoryTarget } from '#target/dir/directory-target'
import type { Target } from '#target/target'
import { TEST_ENGINES } from '#test/engines'
import { LoggedShop } from '#test/logged-shop'
import { Died, MortalTarget } from '#test/mortal-target'
import { makeFolder } from '#test/temporary'
import { archiveBinlog } from '#workflow/binlog/archive-binlog'

// A gateway that stood still takes what was put a minute ago, when nobody waits for the answer any more.

describe.each(TEST_ENGINES)('%s: a segment whose answer was lost', family => {
  let folder: string
  let shop: LoggedShop
  beforeAll(async () => {
    folder = await makeFolder()
    shop = await LoggedShop.make(family, folder)
  })
  afterAll(async () => {
    await shop.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const archive = (target: Target) =>
    archiveBinlog(
      {
        ...{ engine: shop.engine, connect: shop.source.administrator, target },
        ...{ keys: shop.place.config, once: true, segmentMs: 60_000, segmentBytes: 1 << 24 },
        clock: systemClock,
      },
      silentProgress(),
    )

  test('is not put once more in other words, and the next run goes on behind it', async () => {
    await shop.run('CREATE DATABASE shop', 'CREATE TABLE shop.t (a INT PRIMARY KEY)')
    await shop.run('INSERT INTO shop.t VALUES (1)')
    const inner = openDirectoryTarget(shop.place.path)
    const put: string[] = []
    const target: Target = Object.assign(Object.create(inner), {
      ...{ label: inner.label, lock: null, list: inner.list.bind(inner) },
      get: (...args: Parameters<Target['get']>) => inner.get(...args),
      readBack: (name: string) => inner.readBack(name),
      stat: (name: string) => inner.stat(name),
      put: async (name: string, body: readonly Uint8Array[]) => {
        put.push(name)
        const receipt = await inner.put(name, body)
        if (!/^binlog\/.*\.json$/.test(name)) return receipt
        throw new EcomdbError('TARGET_UNAVAILABLE', { what: 'cannot write', why: 'no answer' })
      },
    })
    await expect(archive(target)).rejects.toMatchObject({ code: 'TARGET_UNAVAILABLE' })
    expect(put.filter(name => name.endsWith('.json'))).toHaveLength(1)
    await shop.run('INSERT INTO shop.t VALUES (2)')
    await archive(inner)
    const verified = await shop.ecomdb(['backup', 'verify', '--all', '--quiet'])
    expect(verified.stdout).toMatch(/binary log {2}verified/)
  })

  test('is in the middle of the transaction that says that a restore is not in the log', async () => {
    await shop.run('CREATE DATABASE noted', 'CREATE TABLE noted.t (a INT PRIMARY KEY)')
    const inner = openDirectoryTarget(shop.place.path)
    await archive(inner)
    await shop.run('DROP TABLE IF EXISTS ecomdb_restore.not_in_this_log')
    // What is before it, with its envelope.
    await expect(archive(new MortalTarget(inner, 3, 'before').target)).rejects.toThrow(Died)
    await expect(archive(inner)).rejects.toMatchObject({ code: 'BINLOG_GAP' })
    await archive(inner)
    const told = await shop.ecomdb(['backup', 'window', '--quiet'])
    expect([told.status, told.stdout.match(/what was restored/g)?.length]).toEqual([3, 1])
    await shop.place.report(shop.source)
    await shop.run('INSERT INTO noted.t VALUES (1)')
    await archive(inner)
    const now = shop.family === 'mysql' ? '@@gtid_executed' : '@@gtid_binlog_pos'
    const moment = String(await shop.value(`SELECT ${now}`)).replaceAll('\n', '')
    const { status, stderr } = await shop.ecomdb(['restore', '--gtid', moment, '--dry-run'])
    // There is a way, and it ends at what the server holds.
    expect(status, stderr).toBe(2)
  })
})
