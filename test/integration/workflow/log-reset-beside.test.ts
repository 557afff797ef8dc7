import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { TEST_ENGINES } from '#test/engines'
import { logWords } from '#test/log-words'
import { LoggedShop } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'
import { archiveBinlog } from '#workflow/binlog/archive-binlog'

/** An hour in half a minute: a log that stands still is looked at again and again. */
const QUICK = 120

const FILES = [1, 2]

test.each(TEST_ENGINES.flatMap(family => FILES.map(file => [family, file] as const)))(
  '%s: a log that is reset while it is followed, in its file %i, is told, and is not known beyond that',
  async (family, file) => {
    const folder = await makeFolder()
    const shop = await LoggedShop.make(family, folder)
    const insert = async (from: number, to: number) => {
      for (let i = from; i <= to; i += 1) await shop.run(`INSERT INTO shop.t VALUES (${i})`)
    }
    /** Until when each stretch is known, the oldest first. */
    const known = async (): Promise<string[]> => {
      const window = await shop.ecomdb(['backup', 'window', '--json'])
      const [source] = window.json().result.sources
      return (source?.stretches ?? []).map(({ until }: { until: string }) => until)
    }
    const clock = {
      now: systemClock.now,
      monotonicMs: () => systemClock.monotonicMs() * QUICK,
    }
    const follow = () =>
      archiveBinlog(
        {
          ...{ engine: shop.engine, connect: shop.source.administrator, once: false, clock },
          ...{ target: openDirectoryTarget(shop.place.path), keys: shop.place.config },
          ...{ segmentMs: 60_000, segmentBytes: 1 << 24 },
        },
        silentProgress(),
      )
    try {
      await shop.run('CREATE DATABASE shop', 'CREATE TABLE shop.t (i INT PRIMARY KEY)')
      for (let at = 1; at < file; at += 1) await shop.run('FLUSH BINARY LOGS')
      await insert(1, 20)
      const followed = follow().then(
        () => 'ended well',
        (error: unknown) => error,
      )
      await expect.poll(known).toHaveLength(1)
      // What is behind the last segment is a time of this server's clock, too.
      await sleep(1500)
      const resetAt = await shop.value(
        "SELECT DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%fZ')",
      )
      await shop.run(logWords(shop.source.version).reset)
      await insert(21, 22)
      expect(await followed).toMatchObject({ code: 'BINLOG_GAP' })
      const [until, ...others] = await known()
      expect(others).toHaveLength(1)
      expect(until && resetAt && until < resetAt, `${until}, ${resetAt}`).toBe(true)
    } finally {
      await shop.stop()
      await rm(folder, { recursive: true, force: true })
    }
  },
)
