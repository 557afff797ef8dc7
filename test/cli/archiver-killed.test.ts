import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { systemClock } from '#core/clock'
import type { S3Place } from '#domain/target-place'
import type { RunningServer } from '#engine/scratch-server'
import { createRepository } from '#repository/repository'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { openS3Target } from '#target/s3/open-s3-target'
import type { Target } from '#target/target'
import { makeBucket } from '#test/buckets'
import { cephMissing } from '#test/ceph'
import { cephOfFile } from '#test/ceph-of-file'
import { runEcomdb } from '#test/cli'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { type Fate, startFaultProxy } from '#test/fault-proxy'
import { archivedLog, serverLog } from '#test/log-bytes'
import { LEDGER, LoggedShop, startLogged, Writers } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

const missing = cephMissing()
const ceph = cephOfFile()

/** What is older than a segment of one second, and than it takes to store it on a busy machine, is archived. */
const STORED_WITHIN_MS = 10_000

/** Where it is archived to: what tells the CLI, and the place itself. */
interface Place {
  env: Record<string, string>
  target: Target
}

describe.each(SLOW_TEST_ENGINES)('%s: an archiver that is killed while some write', family => {
  let folder: string
  let shop: LoggedShop
  let restored: RunningServer
  beforeAll(async () => {
    folder = await makeFolder()
    shop = await LoggedShop.make(family, folder)
    restored = await startLogged(shop.engine, join(folder, 'restored'))
    await shop.run(...LEDGER)
  })
  afterAll(async () => {
    await shop?.stop()
    if (restored) await shop.engine.scratchServers.remove(restored.folder)
    await rm(folder, { recursive: true, force: true })
  })

  async function done({ env }: Place, args: string[], server = shop.source) {
    const config = ['--config', join(folder, 'ecomdb.yaml')]
    const run = await runEcomdb([...args, ...config], {
      env: { ...shop.environment(server), ...env },
    })
    expect(run.status, `${args.join(' ')}: ${run.stderr}`).toBe(0)
    return run
  }

  const sizeOf = (files: ReadonlyMap<string, Buffer>): number =>
    [...files.values()].reduce((sum, { length }) => sum + length, 0)

  /** What is archived is the beginning of the server's log, byte for byte. */
  async function expectBeginning({ target }: Place): Promise<void> {
    const archived = [...(await archivedLog(shop, target))]
    const written = await serverLog(shop)
    expect(archived.map(([name]) => name)).toEqual([...written.keys()].slice(0, archived.length))
    for (const [at, [name, bytes]] of archived.entries()) {
      const own = written.get(name)
      const isLast = at === archived.length - 1
      expect(own?.subarray(0, isLast ? bytes.length : own.length).equals(bytes), name).toBe(true)
    }
  }

  /** Followed to its end, and restored: each transaction is there once. */
  async function expectAll(place: Place, writers: Writers): Promise<void> {
    const last = shop.follow(place.env, '--segment-seconds', '1')
    await last.following(1)
    await writers.stop()
    last.kill('SIGTERM')
    expect(await last.ended, last.output()).toBe(130)
    // MariaDB notes by itself, a moment after a rotation, which older files it no longer needs.
    await vi.waitFor(
      async () => {
        await done(place, ['backup', 'binlog', '--once'])
        expect(await archivedLog(shop, place.target)).toEqual(await serverLog(shop))
      },
      { timeout: 120_000, interval: 500 },
    )
    const window = (await done(place, ['backup', 'window', '--json'])).json().result
    expect(window.sources[0].stretches).toHaveLength(1)
    const set = family === 'mysql' ? '@@gtid_executed' : '@@gtid_binlog_pos'
    const all = String(await shop.value(`SELECT ${set}`)).replaceAll('\n', '')
    await done(place, ['restore', '--gtid', all, '--confirm', 'shop'], restored)
    for (const table of ['ledger', 'audit', 'victim', 'totals']) {
      const rows = `SELECT * FROM shop.${table} ORDER BY 1, 2`
      expect(await shop.rows(rows, restored), table).toEqual(await shop.rows(rows))
    }
    await shop.rows('DROP DATABASE shop', restored)
  }

  const write = (): Writers => {
    const writers = new Writers(shop, 4)
    writers.restMs = 5
    return writers
  }

  test('into a folder: no more is lost than the open segment, and the next one goes on', async () => {
    const place = { env: {}, target: openDirectoryTarget(shop.place.path) }
    await done(place, ['backup', 'logical', '--quiet'])
    const writers = write()
    try {
      for (const round of [0, 1, 2]) {
        const follower = shop.follow({}, '--segment-seconds', '1')
        try {
          await follower.following(1)
          await sleep(round * 300)
          const there = sizeOf(await serverLog(shop))
          const isStored = async () =>
            expect(sizeOf(await archivedLog(shop))).toBeGreaterThanOrEqual(there)
          await vi.waitFor(isStored, { timeout: STORED_WITHIN_MS, interval: 50 })
        } finally {
          follower.kill('SIGKILL')
          await follower.ended
        }
        await expectBeginning(place)
      }
      // Killed while it begins, too.
      const beginning = shop.follow({}, '--segment-seconds', '1')
      await sleep(400)
      beginning.kill('SIGKILL')
      await beginning.ended
      await expectBeginning(place)
      await expectAll(place, writers)
    } finally {
      await writers.stop()
    }
  })

  test.skipIf(missing)('into a bucket, while it uploads: the same', async () => {
    const bucket: S3Place = await makeBucket(ceph, true)
    const target = await openS3Target(bucket, systemClock)
    await createRepository(target, systemClock)
    /** Which upload is held up, and requests that came since. */
    let armed: { name: RegExp; fate: Fate } | null = null
    let [envelopes, silent] = [0, 0]
    const proxy = await startFaultProxy(ceph.endpoint, ({ method, url }) => {
      if (silent > 0) {
        silent += 1
        return 'silence'
      }
      if (method !== 'PUT' || !url.includes('/binlog/') || url.includes('retention')) return 'pass'
      if (armed?.name.test(url)) {
        silent = 1
        if (armed.fate === 'lose-answer') envelopes += 1
        return armed.fate
      }
      if (url.includes('.json')) envelopes += 1
      return 'pass'
    })
    const query = `endpoint=${proxy.endpoint}&lock_mode=governance&lock_days=1`
    const env = {
      ECOMDB_TARGET: `s3://${bucket.bucket}/${bucket.prefix}?${query}`,
      AWS_ACCESS_KEY_ID: ceph.accessKey,
      AWS_SECRET_ACCESS_KEY: ceph.secretKey,
    }
    const place = { env, target }
    await done(place, ['backup', 'logical', '--quiet'])
    const writers = write()
    try {
      for (const upload of [
        { name: /\.age/, fate: 'silence' },
        { name: /\.json/, fate: 'silence' },
        // It is there, and the archiver has not heard of it.
        { name: /\.json/, fate: 'lose-answer' },
      ] as const) {
        const follower = shop.follow(env, '--segment-seconds', '1')
        try {
          await follower.following(1)
          armed = upload
          const before = upload.fate === 'lose-answer' ? 2 : 1
          await vi.waitFor(() => expect(silent).toBeGreaterThanOrEqual(before), 120_000)
        } finally {
          follower.kill('SIGKILL')
          await follower.ended
        }
        armed = null
        silent = 0
        await expectBeginning(place)
        let stored = 0
        for await (const { name } of target.list('binlog/'))
          stored += Number(name.endsWith('.json'))
        expect(stored).toBe(envelopes)
      }
      await expectAll(place, writers)
    } finally {
      await writers.stop()
      await proxy.close()
    }
  })
})
