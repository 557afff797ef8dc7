import dns from 'node:dns'
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { systemClock } from '#core/clock'
import { openS3Target } from '#target/s3/open-s3-target'
import type { Target } from '#target/target'
import { makeBucket, ownerClient } from '#test/buckets'
import { type CephGateway, cephMissing, startCeph } from '#test/ceph'
import { targetContract } from '../../contract/target.ts'

// A service lists a thousand at a time. What is on the second page must not be missing.

const MANY = 1100
const AT_ONCE = 24

const missing = cephMissing()
let ceph: CephGateway
let owner: S3Client

beforeAll(async () => {
  if (missing) return
  ceph = await startCeph()
  owner = ownerClient(ceph)
  process.env['AWS_ACCESS_KEY_ID'] = ceph.accessKey
  process.env['AWS_SECRET_ACCESS_KEY'] = ceph.secretKey
})
afterAll(() => ceph?.stop())

async function each(count: number, work: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    for (let n = next++; n < count; n = next++) await work(n)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

async function namesIn(target: Target, prefix = ''): Promise<string[]> {
  const names: string[] = []
  for await (const { name } of target.list(prefix)) names.push(name)
  return names
}

const numbered = (n: number): string => `many/${String(n).padStart(5, '0')}`
const ALL = Array.from({ length: MANY }, (_, n) => numbered(n))

describe.skipIf(missing)('more than a page of', () => {
  test.each([false, true])('names (locks: %s)', async locks => {
    const place = await makeBucket(ceph, locks)
    const object = (name: string) => ({ Bucket: place.bucket, Key: `${place.prefix}/${name}` })
    await each(MANY, n =>
      owner.send(new PutObjectCommand({ ...object(numbered(n)), Body: `${n}` })),
    )
    // Beside the prefix, and behind all that is asked for.
    await owner.send(new PutObjectCommand({ ...object('other'), Body: 'x' }))
    await owner.send(new PutObjectCommand({ Bucket: place.bucket, Key: 'backups/shops', Body: '' }))
    const target = await openS3Target(place, systemClock)
    expect(await namesIn(target, 'many/')).toEqual(ALL)
    expect(await namesIn(target)).toEqual([...ALL, 'other'])
    for (const n of [0, 999, 1000, MANY - 1]) {
      expect((await target.get(numbered(n)))?.toString()).toBe(`${n}`)
    }
    expect(await target.stat('many/0')).toBeNull()
    for await (const one of target.shadowed('')) expect(one).toBeNull()
  })

  test('versions of one name: the first one is the file, and all go with it', async () => {
    const place = await makeBucket(ceph, true)
    const object = (name: string) => ({ Bucket: place.bucket, Key: `${place.prefix}/${name}` })
    const target = await openS3Target({ ...place, objectLock: undefined }, systemClock)
    for (const name of ['a', 'b', 'b/c']) await target.put(name, [Buffer.from(`own ${name}`)])
    await each(MANY, async n => {
      const isMarker = n % 100 === 99
      const change = object(isMarker && n > 900 ? 'a' : 'b')
      if (isMarker) await owner.send(new DeleteObjectCommand(change))
      else await owner.send(new PutObjectCommand({ ...change, Body: `theirs ${n}` }))
    })
    await owner.send(new DeleteObjectCommand(object('a')))
    expect(await namesIn(target)).toEqual(['a', 'b', 'b/c'])
    for (const name of ['a', 'b', 'b/c']) {
      expect((await target.get(name))?.toString()).toBe(`own ${name}`)
      expect(await target.stat(name)).toEqual({ sizeBytes: `own ${name}`.length })
    }
    const shadowed = []
    for await (const one of target.shadowed('')) shadowed.push(one)
    expect(shadowed).toMatchObject([{ name: 'a', how: 'hidden' }, { name: 'b' }])
    await expect(target.put('b', [Buffer.from('again')])).rejects.toMatchObject({
      why: expect.stringContaining('there already'),
    })
    await target.remove('b')
    expect(await namesIn(target)).toEqual(['a', 'b/c'])
    expect(await target.get('b')).toBeNull()
  })

  test('uploads that were begun and neither finished nor called off', async () => {
    const place = await makeBucket(ceph)
    const Key = (n: number): string => `${place.prefix}/${numbered(n % 1050)}`
    await each(MANY, n =>
      owner.send(new CreateMultipartUploadCommand({ Bucket: place.bucket, Key: Key(n) })),
    )
    const target = await openS3Target(place, systemClock)
    const found: string[] = []
    for await (const { name } of target.leftovers()) found.push(name)
    expect(found).toHaveLength(MANY)
    expect(new Set(found)).toEqual(new Set(ALL.slice(0, 1050)))
  })
})

describe.skipIf(missing)('a bucket that is a part of the name of the host', () => {
  const { lookup } = dns
  beforeAll(() => {
    // No resolver of the machine knows the names of the test's service.
    vi.spyOn(dns, 'lookup').mockImplementation(((name: string, ...more: [never, never]) =>
      lookup(name.endsWith('.s3.test') ? '127.0.0.1' : name, ...more)) as typeof lookup)
  })
  afterAll(() => void vi.restoreAllMocks())

  targetContract(async () => {
    const place = await makeBucket(ceph, true)
    const asHost = { ...place, endpoint: ceph.hostEndpoint, pathStyle: false }
    return await openS3Target(asHost, systemClock)
  })
})
