import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { S3Place } from '#domain/target-place'
import { withServer } from '#test/backed-up'
import { type Principals, setDocumentedPolicy } from '#test/bucket-policy'
import { makeBucket, ownerClient } from '#test/buckets'
import { type CephGateway, cephMissing, startCeph } from '#test/ceph'
import { type CliResult, runEcomdb } from '#test/cli'
import { TEST_ENGINES } from '#test/engines'
import { fixtureFiles, type ShopContext, withShop } from '#test/shop'

const missing = cephMissing()
const ROLES = ['BACKUP', 'VAULT', 'DRILL'] as const
type Role = (typeof ROLES)[number] | 'OWNER'

let ceph: CephGateway
const keys = new Map<Role, { accessKey: string; secretKey: string }>()

beforeAll(async () => {
  if (missing) return
  ceph = await startCeph()
  keys.set('OWNER', ceph)
  for (const role of ROLES) keys.set(role, await ceph.addUser(role.toLowerCase()))
})
afterAll(() => ceph?.stop())

describe.skipIf(missing).each(TEST_ENGINES)(
  '%s: a bucket with locks and three accounts',
  family => {
    test('init, backup, list, show, verify, drill and restore', async () => {
      await withShop(family, async shop => {
        const place = await makeBucket(ceph, true)
        const at = await BucketShop.make(shop, place)
        const { database } = shop
        // Some lines are rejected on purpose.
        expect((await at.run('OWNER', 'load', ...fixtureFiles())).status).toBe(3)
        await at.done('OWNER', 'init', '--yes')
        await setDocumentedPolicy(ceph, place, principals())
        const backUp = ['backup', 'logical', '--databases', database, '--json']
        const first = (await at.done('BACKUP', ...backUp)).json()
        expect(first.result.stored.reused).toBe(0)
        const second = (await at.done('BACKUP', ...backUp)).json()
        expect(second.result.stored.objects).toBe(0)
        await at.readsAndDeletesNothing('BACKUP')

        expect(
          (await at.done('BACKUP', 'backup', 'list', '--json')).json().result.snapshots,
        ).toHaveLength(2)
        expect((await at.done('DRILL', 'backup', 'show')).stdout).toMatch(/locked +until 20/)
        const verified = await at.done('VAULT', 'backup', 'verify', '--all', '--deep')
        expect(verified.stdout).toContain('attested')
        expect((await at.done('DRILL', 'drill')).stdout).toContain('proved: ')
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

function principals(): Principals {
  return { BACKUP: 'backup', VAULT: 'vault', DRILL: 'drill' }
}

/** A shop whose repository is in a bucket, and commands that come with the credentials of a role. */
class BucketShop {
  readonly #shop: ShopContext
  readonly #place: S3Place

  private constructor(shop: ShopContext, place: S3Place) {
    this.#shop = shop
    this.#place = place
  }

  static async make(shop: ShopContext, place: S3Place): Promise<BucketShop> {
    await mkdir(join(shop.folder, 's3'))
    for (const [role, { accessKey, secretKey }] of keys) {
      const lines = [`aws_access_key_id = ${accessKey}`, `aws_secret_access_key=${secretKey}`]
      const file = join(shop.folder, 's3', role)
      await writeFile(file, ['# a comment', '[default]', ...lines, ''].join('\n'), { mode: 0o600 })
    }
    return new BucketShop(shop, place)
  }

  async run(role: Role, ...args: string[]): Promise<CliResult> {
    const { bucket, prefix, endpoint = '' } = this.#place
    const query = new URLSearchParams({
      endpoint,
      credentials_file: join(this.#shop.folder, 's3', role),
      lock_mode: 'governance',
      lock_days: '1',
      bucket_owner_full_control: 'true',
    })
    const env = { ...this.#shop.env, ECOMDB_TARGET: `s3://${bucket}/${prefix}?${query}` }
    const result = await runEcomdb(args, { env, cwd: this.#shop.folder })
    const printed = result.stderr + result.stdout
    for (const { secretKey } of keys.values()) expect(printed).not.toContain(secretKey)
    return result
  }

  async done(role: Role, ...args: string[]): Promise<CliResult> {
    const result = await this.run(role, ...args)
    expect(result.status, `${role} ${args.join(' ')}: ${result.stderr}`).toBe(0)
    return result
  }

  /** Tries both with every object, encrypted manifest and version that there is. */
  async readsAndDeletesNothing(role: Role): Promise<void> {
    const { bucket: Bucket } = this.#place
    const client = ownerClient({ ...ceph, ...keys.get(role) })
    const { Versions = [] } = await ownerClient(ceph).send(
      new ListObjectVersionsCommand({ Bucket }),
    )
    const denied = { name: 'AccessDenied' }
    const rows = Versions.filter(({ Key }) => Key?.includes('/objects/') || Key?.endsWith('.age'))
    expect(rows.length).toBeGreaterThan(10)
    for (const { Key, VersionId } of rows) {
      await expect(client.send(new GetObjectCommand({ Bucket, Key }))).rejects.toMatchObject(denied)
      const version = { Bucket, Key, VersionId }
      await expect(client.send(new GetObjectCommand(version))).rejects.toMatchObject(denied)
    }
    for (const { Key, VersionId } of Versions) {
      await expect(client.send(new DeleteObjectCommand({ Bucket, Key }))).rejects.toMatchObject(
        denied,
      )
      const version = { Bucket, Key, VersionId }
      const bypass = { ...version, BypassGovernanceRetention: true }
      await expect(client.send(new DeleteObjectCommand(bypass))).rejects.toMatchObject(denied)
    }
    const after = await ownerClient(ceph).send(new ListObjectVersionsCommand({ Bucket }))
    expect([after.Versions?.length, after.DeleteMarkers]).toEqual([Versions.length, undefined])
  }
}
