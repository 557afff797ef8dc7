import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
} from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import type { S3Place } from '#domain/target-place'
import { type Principals, setDocumentedPolicy } from '#test/bucket-policy'
import { makeBucket, ownerClient } from '#test/buckets'
import type { CephGateway } from '#test/ceph'
import { type CliResult, runEcomdb } from '#test/cli'

const ROLES = ['BACKUP', 'VAULT', 'DRILL'] as const
type Role = (typeof ROLES)[number] | 'OWNER'
const PRINCIPALS: Principals = { BACKUP: 'backup', VAULT: 'vault', DRILL: 'drill' }

type Keys = Pick<CephGateway, 'accessKey' | 'secretKey'>

/** A gateway with an account for each role of docs/s3.md, and its owner's. */
export interface RolesGateway {
  ceph: CephGateway
  keys: ReadonlyMap<Role, Keys>
}

export async function addRoles(ceph: CephGateway): Promise<RolesGateway> {
  const keys = new Map<Role, Keys>([['OWNER', ceph]])
  for (const role of ROLES) keys.set(role, await ceph.addUser(PRINCIPALS[role]))
  return { ceph, keys }
}

/** Where commands run, and with what environment besides. */
interface Surroundings {
  folder: string
  env: Record<string, string>
}

/** A shop whose repository is in a bucket, and commands that come with the credentials of a role. */
export class BucketShop {
  readonly place: S3Place
  readonly #shop: Surroundings
  readonly #gateway: RolesGateway

  private constructor(shop: Surroundings, gateway: RolesGateway, place: S3Place) {
    this.#shop = shop
    this.#gateway = gateway
    this.place = place
  }

  /** A new bucket with locks; the policy is not set yet. */
  static async make(shop: Surroundings, gateway: RolesGateway): Promise<BucketShop> {
    await mkdir(join(shop.folder, 's3'))
    for (const [role, { accessKey, secretKey }] of gateway.keys) {
      const lines = [`aws_access_key_id = ${accessKey}`, `aws_secret_access_key=${secretKey}`]
      const file = join(shop.folder, 's3', role)
      await writeFile(file, ['# a comment', '[default]', ...lines, ''].join('\n'), { mode: 0o600 })
    }
    return new BucketShop(shop, gateway, await makeBucket(gateway.ceph, true))
  }

  /** The bucket as one word, with the credentials of a role. */
  word(role: Role): string {
    const { bucket, prefix, endpoint = '' } = this.place
    const query = new URLSearchParams({
      endpoint,
      credentials_file: join(this.#shop.folder, 's3', role),
      lock_mode: 'governance',
      lock_days: '1',
      bucket_owner_full_control: 'true',
    })
    return `s3://${bucket}/${prefix}?${query}`
  }

  async run(role: Role, ...args: string[]): Promise<CliResult> {
    const env = { ...this.#shop.env, ECOMDB_TARGET: this.word(role) }
    const result = await runEcomdb(args, { env, cwd: this.#shop.folder })
    const printed = result.stderr + result.stdout
    for (const { secretKey } of this.#gateway.keys.values())
      expect(printed).not.toContain(secretKey)
    return result
  }

  async done(role: Role, ...args: string[]): Promise<CliResult> {
    const result = await this.run(role, ...args)
    expect(result.status, `${role} ${args.join(' ')}: ${result.stderr}`).toBe(0)
    return result
  }

  async setPolicy(): Promise<void> {
    await setDocumentedPolicy(this.#gateway.ceph, this.place, PRINCIPALS)
  }

  /**
   * Tries both with every object, encrypted manifest and version that there is.
   * @param least so many files must be there to try to read
   */
  async readsAndDeletesNothing(role: Role, least: number): Promise<void> {
    const { bucket: Bucket } = this.place
    const { ceph, keys } = this.#gateway
    const client = ownerClient({ ...ceph, ...keys.get(role) })
    const { Versions = [] } = await ownerClient(ceph).send(
      new ListObjectVersionsCommand({ Bucket }),
    )
    const denied = { name: 'AccessDenied' }
    const rows = Versions.filter(({ Key }) => Key?.includes('/objects/') || Key?.endsWith('.age'))
    expect(rows.length).toBeGreaterThanOrEqual(least)
    for (const { Key, VersionId } of rows) {
      await expect(client.send(new GetObjectCommand({ Bucket, Key })), Key).rejects.toMatchObject(
        denied,
      )
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
