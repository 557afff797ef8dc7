import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ListMultipartUploadsCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import { MIB } from '#core/units'
import { writeSigningKey } from '#crypto/key-files'
import type { S3Place } from '#domain/target-place'
import { createRepository, openRepository } from '#repository/repository'
import { openS3Target } from '#target/s3/open-s3-target'
import type { Target } from '#target/target'
import { makeBucket, ownerClient } from '#test/buckets'
import { type CephGateway, cephMissing, startCeph } from '#test/ceph'
import { type FaultProxy, makeCertificate, startFaultProxy } from '#test/fault-proxy'
import { commitSnapshot, makeKeys } from '#test/snapshots'
import { makeFolder } from '#test/temporary'
import { verifySnapshots } from '#workflow/backup/verify-snapshots'

// Something between here and the service changes a bit of what goes by.

const missing = cephMissing()
let ceph: CephGateway
let proxy: FaultProxy | undefined

beforeAll(async () => {
  if (missing) return
  ceph = await startCeph()
  process.env['AWS_ACCESS_KEY_ID'] = ceph.accessKey
  process.env['AWS_SECRET_ACCESS_KEY'] = ceph.secretKey
})
afterAll(() => ceph?.stop())
afterEach(async () => {
  await proxy?.close()
  proxy = undefined
})

const TUNING = {
  retry: { attempts: 3, firstWaitMs: 5, longestWaitMs: 20 },
  partBytes: 5 * MIB,
}

async function through(
  place: S3Place,
  fate: Parameters<typeof startFaultProxy>[1],
  certificate?: Awaited<ReturnType<typeof makeCertificate>>,
): Promise<Target> {
  proxy = await startFaultProxy(ceph.endpoint, fate, certificate?.tls)
  const { endpoint } = proxy
  return await openS3Target({ ...place, endpoint, caFile: certificate?.cert }, systemClock, TUNING)
}

/** The upload of a whole body, or of its second part. */
const carriesBody = (method: string, url: string): boolean =>
  method === 'PUT' && (!url.includes('uploadId') || url.includes('partNumber=2'))

const SIZES = [
  ['in one request', 100_000],
  ['in parts', 11 * MIB],
] as const
// By https the signature does not cover the body.
const KINDS = SIZES.flatMap(([how, bytes]) => [
  { how, bytes, checksums: 'when_supported' as const, locks: true, by: 'http' },
  { how, bytes, checksums: 'when_supported' as const, locks: false, by: 'https' },
  { how, bytes, checksums: 'when_required' as const, locks: true, by: 'https' },
  { how, bytes, checksums: 'when_required' as const, locks: false, by: 'http' },
])

describe.skipIf(missing)('a bit that flips on the way', () => {
  let folder: string
  let certificate: Awaited<ReturnType<typeof makeCertificate>>
  beforeAll(async () => {
    folder = await makeFolder()
    certificate = await makeCertificate(folder)
  })
  afterAll(() => rm(folder, { recursive: true }))

  test.each(KINDS)(
    'there, $how (by $by, $checksums, locks: $locks), is never stored',
    async one => {
      const place = { ...(await makeBucket(ceph, one.locks)), checksums: one.checksums }
      const by = one.by === 'https' ? certificate : undefined
      const body = randomBytes(one.bytes)
      let flips = Number.POSITIVE_INFINITY
      let flipped = 0
      const target = await through(
        place,
        ({ method, url }) => {
          if (!carriesBody(method, url) || flipped >= flips) return 'pass'
          flipped += 1
          return 'flip-request'
        },
        by,
      )
      await expect(target.put('a', [body])).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
      expect(flipped).toBe(TUNING.retry.attempts)
      const Bucket = place.bucket
      const owner = ownerClient(ceph)
      expect((await owner.send(new ListObjectVersionsCommand({ Bucket }))).Versions).toBeUndefined()
      expect(
        (await owner.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads,
      ).toBeUndefined()

      flips = flipped + 1
      await target.put('a', [body])
      expect(flipped).toBe(flips)
      const direct = await openS3Target(place, systemClock)
      expect((await direct.get('a'))?.equals(body)).toBe(true)
    },
  )

  test('back is found, and never read for what it was', async () => {
    const place = await makeBucket(ceph)
    const keys = await makeKeys()
    const trusted = keys.options.trustedSigners
    const direct = await createRepository(await openS3Target(place, systemClock), systemClock)
    const { envelope } = await commitSnapshot(direct, keys.options, ['1\n2\n3\n'])
    const flips = (part: string) => (request: { method: string; url: string }) =>
      request.method === 'GET' && request.url.includes(part) && !request.url.includes('list-type')
        ? 'flip-answer'
        : 'pass'
    for (const [part, file] of [
      ['/objects/', envelope.objects[0]],
      ['manifest.age', envelope.manifest],
    ] as const) {
      const repository = await openRepository(await through(place, flips(part)))
      if (!file) throw new Error('the snapshot has no object')
      await expect(repository.readStored(file)).rejects.toMatchObject({ code: 'OBJECT_DAMAGED' })
      const identities = [keys.operations.identity]
      await expect(repository.readPiece(file, identities)).rejects.toMatchObject({
        code: 'OBJECT_DAMAGED',
      })
      await proxy?.close()
    }
    const repository = await openRepository(await through(place, flips('snapshot.json')))
    const listed = await repository.listSnapshots(trusted)
    expect([listed.snapshots, listed.refused]).toMatchObject([
      [],
      [{ error: { code: 'SIGNATURE_INVALID' } }],
    ])
  })

  test('back, once, is asked for again: nothing is signed as damage, and the way is a finding', async () => {
    const place = await makeBucket(ceph)
    const keys = await makeKeys()
    const { trustedSigners, recipients } = keys.options
    const direct = await createRepository(await openS3Target(place, systemClock), systemClock)
    const { envelope } = await commitSnapshot(direct, keys.options, ['1\n2\n3\n'])
    const signingKeyFile = join(folder, 'signing.pem')
    await writeSigningKey(signingKeyFile, keys.signingKey)
    const met = new Set<string>()
    const target = await through(place, ({ method, url }) => {
      const key = url.split('?')[0] ?? ''
      const isFile = method === 'GET' && /objects\/|manifest\.age|snapshot\.json/.test(key)
      if (!isFile || met.has(key)) return 'pass'
      met.add(key)
      return 'flip-answer'
    })
    const configured = { recipients, trustedSigners, signingKeyFile, identityFiles: [] }
    const report = await verifySnapshots(
      { target, snapshot: 'all', deep: false, keys: configured, clock: systemClock },
      silentProgress(),
    )
    expect(report.outcome).toBe('passed')
    const names = [`snapshots/${envelope.snapshotId}/snapshot.json`, envelope.manifest.path]
    expect(report.unsteady.map(({ name }) => name).sort()).toEqual(
      [...names, ...envelope.objects.map(({ path }) => path)].sort(),
    )
    const { attestations } = await direct.listAttestations(trustedSigners)
    expect(attestations).toMatchObject([{ outcome: 'passed', damaged: [] }])
  })
})
