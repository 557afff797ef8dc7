import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  GetObjectRetentionCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import type { Session, SqlRow } from '#engine/session'
import { createRepository } from '#repository/repository'
import { openS3Target } from '#target/s3/open-s3-target'
import { withServer } from '#test/backed-up'
import { addRoles, BucketShop, type RolesGateway } from '#test/bucket-shop'
import { ownerClient } from '#test/buckets'
import { cephMissing, startCeph } from '#test/ceph'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { PhysicalShop } from '#test/physical-shop'
import { administer } from '#test/servers'
import { fixtureFiles, withOwnShop, withShop } from '#test/shop'

const missing = cephMissing()

let gateway: RolesGateway

beforeAll(async () => {
  if (missing) return
  gateway = await addRoles(await startCeph())
})
afterAll(() => gateway?.ceph.stop())

/** Every file that the newest snapshot needs was asked about. */
const IMMUTABLE = /ok +1 offline or immutable +repository locked until \S+$/m

describe.skipIf(missing).each(SLOW_TEST_ENGINES)(
  '%s: a bucket with locks and three accounts',
  family => {
    test('init, backup, list, show, verify, drill and restore', async () => {
      await withOwnShop(family, async shop => {
        const at = await BucketShop.make(shop, gateway)
        const { place } = at
        const { database } = shop
        // Some lines are rejected on purpose.
        expect((await at.run('OWNER', 'load', ...fixtureFiles())).status).toBe(3)
        await at.done('OWNER', 'init', '--yes')
        await at.setPolicy()
        const backUp = ['backup', 'logical', '--databases', database, '--json']
        const first = (await at.done('BACKUP', ...backUp)).json()
        expect(first.result.stored.reused).toBe(0)
        const second = (await at.done('BACKUP', ...backUp)).json()
        expect(second.result.stored.objects).toBe(0)
        await at.readsAndDeletesNothing('BACKUP', 11)
        // Who may not read knows nothing, and signs nothing.
        const blind = await at.run('BACKUP', 'backup', 'verify', '--all')
        expect([blind.status, blind.stdout]).toEqual([30, ''])
        expect(blind.stderr).toContain('permission denied (403)')
        expect((await at.done('BACKUP', 'backup', 'list')).stdout).not.toContain('FAILED')

        expect(
          (await at.done('BACKUP', 'backup', 'list', '--json')).json().result.snapshots,
        ).toHaveLength(2)
        expect((await at.done('DRILL', 'backup', 'show')).stdout).toMatch(/locked +until 20/)
        const verified = await at.done('VAULT', 'backup', 'verify', '--all', '--deep')
        expect(verified.stdout).toContain('attested')
        expect((await at.done('DRILL', 'drill')).stdout).toContain('proved: ')
        for (const who of ['BACKUP', 'VAULT', 'DRILL'] as const) {
          expect((await at.run(who, 'backup', 'status')).stdout).toMatch(IMMUTABLE)
        }
        const doctor = await at.run('BACKUP', 'doctor')
        expect(doctor.stdout).toContain(`s3://${place.bucket}/${place.prefix}, repository`)
        await withServer(family, join(shop.folder, 'server'), async server => {
          const into = ['--socket', server.socketPath, '--user', 'root']
          const restored = await at.done(
            'DRILL',
            'restore',
            'latest',
            '--confirm',
            database,
            ...into,
          )
          expect(restored.stdout).toContain('read back and compared')
        })
      })
    })
  },
)

const rowsOf = async (session: Session): Promise<SqlRow[][]> => {
  const of = (table: string) => session.rows(`SELECT * FROM bank.${table} ORDER BY 1, 2`)
  return [await of('accounts'), await of('journal'), await of('`odd name/é`')]
}

/** A moment is told by the log's whole seconds. */
async function nextSecond(session: Session): Promise<void> {
  const now = () => session.value('SELECT UNIX_TIMESTAMP()')
  const before = await now()
  await expect.poll(now, { timeout: 60_000 }).not.toBe(before)
}

describe.skipIf(missing).each(SLOW_TEST_ENGINES)('%s: the account that reads no object', family => {
  test('backs up data files, an increment of them, and the binary log; who may read restores both', async () => {
    const shop = await PhysicalShop.make(family)
    try {
      const at = await BucketShop.make({ folder: shop.folder, env: {} }, gateway)
      process.env['AWS_ACCESS_KEY_ID'] = gateway.ceph.accessKey
      process.env['AWS_SECRET_ACCESS_KEY'] = gateway.ceph.secretKey
      await createRepository(await openS3Target(at.place, systemClock), systemClock)
      await at.setPolicy()
      await at.done('BACKUP', 'backup', 'physical')
      const later = family === 'mariadb' ? ['--incremental', 'latest'] : []
      const second = await at.done('BACKUP', 'backup', 'physical', ...later, '--json')
      expect(second.json().result.snapshotId).toMatch(/^01/)
      const snapshot = await rowsOf(shop.session)
      await shop.session.run("INSERT INTO bank.journal (note) VALUES ('later')")
      await shop.session.run('UPDATE bank.accounts SET balance = balance + 7')
      await nextSecond(shop.session)
      const moment = String(await shop.session.value('SELECT UTC_TIMESTAMP(6)'))
      const beforeLoss = await rowsOf(shop.session)
      await nextSecond(shop.session)
      await shop.session.run('DELETE FROM bank.accounts')
      await shop.session.run('DROP TABLE bank.journal')
      await at.done('BACKUP', 'backup', 'binlog', '--once')
      // Packs are large, so the files of a small server are few objects.
      await at.readsAndDeletesNothing('BACKUP', 5)
      await at.done('VAULT', 'backup', 'verify', '--all')
      expect((await at.done('VAULT', 'target', 'status')).stdout).toContain('as promised')
      expect((await at.run('DRILL', 'backup', 'status')).stdout).toMatch(IMMUTABLE)
      const keyCheck = ['key', 'check', '--identity', 'take-away/escrow.identity', '--json']
      expect((await at.done('DRILL', ...keyCheck)).json().result).toMatchObject({
        snapshotId: second.json().result.snapshotId,
        identities: [{ opens: true }],
      })
      expect((await at.run('BACKUP', ...keyCheck)).status).toBe(30)
      // Who may read has it all back, on a server of its own.
      for (const [name, rows, to] of [
        ['newest', snapshot, ['latest']],
        ['moment', beforeLoss, ['--at', moment, '--time-zone', 'UTC']],
      ] as const) {
        await shop.engine.scratchServers.claim(join(shop.folder, name))
        await at.done('DRILL', 'restore', ...to, '--data-dir', join(name, 'data'))
        await shop.onRestored(name, async session => expect(await rowsOf(session)).toEqual(rows))
      }
    } finally {
      await shop.remove()
    }
  })
})

describe.skipIf(missing).each(SLOW_TEST_ENGINES)(
  '%s: a bucket with locks as the anchor',
  family => {
    test('takes the seals, and lets whoever seals neither remove nor replace one', async () => {
      const store = `audit_${randomBytes(4).toString('hex')}`
      await withShop(family, async shop => {
        const own = { ECOMDB_AUDIT_DATABASE: store, ECOMDB_ACCESS_DATABASE: `${store}_access` }
        const { folder, database } = shop
        const at = await BucketShop.make({ folder, env: { ...shop.env, ...own } }, gateway)
        await at.setPolicy()
        const { bucket: Bucket, prefix } = at.place
        const sealer = ownerClient({ ...gateway.ceph, ...gateway.keys.get('BACKUP') })
        const seal = (...args: string[]) =>
          at.done('BACKUP', 'audit', 'seal', '--anchor', at.word('BACKUP'), ...args)
        const verify = () => at.run('DRILL', 'audit', 'verify', '--anchor', at.word('DRILL'))
        try {
          await writeFile(join(folder, 'ecomdb.yaml'), `server: { database: ${database} }\n`)
          await at.done('BACKUP', 'key', 'rotate', 'audit')
          await at.done('BACKUP', 'audit', 'install')
          expect((await seal()).stdout).toMatch(/anchor +s3:.*: 1 new/)
          await seal('--accept', 'a second batch')
          const clean = await verify()
          expect([clean.status, clean.stdout]).toEqual([
            0,
            expect.stringMatching(/anchor +s3:.*: 2 checkpoints/),
          ])
          const { Contents = [] } = await ownerClient(gateway.ceph).send(
            new ListObjectsV2Command({ Bucket, Prefix: `${prefix}/audit/` }),
          )
          expect(Contents).toHaveLength(4)
          for (const { Key } of Contents) {
            const held = await sealer.send(new GetObjectRetentionCommand({ Bucket, Key }))
            expect(held.Retention?.RetainUntilDate?.getTime()).toBeGreaterThan(Date.now())
            // What is laid over a checkpoint is not the checkpoint.
            await sealer.send(new PutObjectCommand({ Bucket, Key, Body: 'theirs' }))
          }
          await at.readsAndDeletesNothing('BACKUP', 0)
          expect((await verify()).status).toBe(0)
          await administer(
            family,
            `CREATE TABLE ${store}_access.kept AS SELECT * FROM ${store}.batch WHERE batch_id = 1`,
            `TRUNCATE TABLE ${store}.batch`,
            `INSERT INTO ${store}.batch SELECT * FROM ${store}_access.kept`,
          )
          const back = await verify()
          expect(back.stdout).toContain('the database ends at batch 1, and anchors go on to 2')
        } finally {
          await administer(
            family,
            `DROP DATABASE IF EXISTS ${store}`,
            `DROP DATABASE IF EXISTS ${store}_access`,
          )
        }
      })
    })
  },
)
