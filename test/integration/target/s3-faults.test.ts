import { randomBytes } from 'node:crypto'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { MIB } from '#core/units'
import type { S3Place } from '#domain/target-place'
import { createRepository, openRepository } from '#repository/repository'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { openS3Target } from '#target/s3/open-s3-target'
import type { Target } from '#target/target'
import { limitRate } from '#target/wrap/rate-limit'
import { makeBucket, ownerClient } from '#test/buckets'
import { type CephGateway, cephMissing, startCeph } from '#test/ceph'
import { type Fate, type FaultProxy, makeCertificate, startFaultProxy } from '#test/fault-proxy'
import { commitSnapshot, makeKeys } from '#test/snapshots'
import { withFolder } from '#test/temporary'

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
  retry: { attempts: 4, firstWaitMs: 5, longestWaitMs: 20 },
  timeoutMs: 30_000,
  partBytes: 5 * MIB,
}

/** A target in a bucket, every request to which meets a fate. */
async function through(
  place: S3Place,
  fate: Parameters<typeof startFaultProxy>[1],
  tuning = TUNING,
): Promise<Target> {
  proxy = await startFaultProxy(ceph.endpoint, fate)
  return await openS3Target({ ...place, endpoint: proxy.endpoint }, systemClock, tuning)
}

/** Each kind of request fails so many times, then passes. */
function atFirst(fate: Fate, times: number): Parameters<typeof startFaultProxy>[1] {
  const seen = new Map<string, number>()
  return ({ method, url }) => {
    const kind = `${method} ${url}`
    seen.set(kind, (seen.get(kind) ?? 0) + 1)
    return (seen.get(kind) ?? 0) <= times ? fate : 'pass'
  }
}

describe.skipIf(missing)('a bucket behind a line that fails', () => {
  test.each<Fate>([
    ...([500, 503, 'reset', 'silence', 'cut-answer', 'web-page', 'no-route'] as const),
  ])('%s: tries again', async fate => {
    const place = await makeBucket(ceph)
    // Silence is told from a busy machine by its length alone: three attempts are left to answer.
    const silent = fate === 'silence'
    const tuning = silent ? { ...TUNING, timeoutMs: 1000 } : TUNING
    const target = await through(place, atFirst(fate, silent ? 1 : 2), tuning)
    const body = randomBytes(50_000)
    await target.put('a/b', [body])
    expect((await target.get('a/b'))?.equals(body)).toBe(true)
    expect(await target.stat('a/b')).toEqual({ sizeBytes: body.length })
    await target.remove('a/b')
    const direct = await openS3Target(place, systemClock)
    expect(await direct.stat('a/b')).toBeNull()
  })

  test.each<{ locks: boolean; fate: Fate }>([
    { locks: false, fate: 'web-page' },
    { locks: true, fate: 'web-page' },
    { locks: false, fate: 'endless-listing' },
    { locks: true, fate: 'endless-listing' },
  ])('an answer that is none is not taken for an empty place: $fate, locks $locks', async one => {
    const { locks, fate } = one
    const place = await makeBucket(ceph, locks)
    const direct = await openS3Target(place, systemClock)
    await direct.put('a/b', [Buffer.from('x')])
    const isListing = (url: string): boolean => /[?&](list-type=2|versions)(=|&|$)/.test(url)
    const target = await through(place, ({ method, url }) =>
      method === 'GET' && isListing(url) ? fate : 'pass',
    )
    const listed = async (): Promise<void> => {
      for await (const { name } of target.list('')) expect(name).toBe('a/b')
    }
    await expect(listed()).rejects.toMatchObject({
      code: 'TARGET_UNAVAILABLE',
      why: expect.stringContaining('it was answered with success, and'),
    })
  })

  test.each<{ fate: Fate; locks: boolean; code: string }>([
    { fate: 'no-route', locks: false, code: 'TARGET_UNAVAILABLE' },
    { fate: 'no-route', locks: true, code: 'TARGET_UNAVAILABLE' },
    { fate: 'expired-token', locks: false, code: 'AUTHENTICATION_REFUSED' },
    { fate: 'expired-token', locks: true, code: 'AUTHENTICATION_REFUSED' },
  ])('a file that is not given out is not taken for missing: $fate, locks $locks', async one => {
    const place = await makeBucket(ceph, one.locks)
    const keys = await makeKeys()
    const direct = await openS3Target(place, systemClock)
    const repository = await createRepository(direct, systemClock)
    const { envelope } = await commitSnapshot(repository, keys.options, ['1\n'])
    const by = { ...keys.options, signingKey: keys.signingKey }
    const at = new Date().toISOString()
    const { attestationId } = await repository.putAttestation(
      {
        ...{ snapshotId: envelope.snapshotId, kind: 'verify', outcome: 'failed', damaged: [] },
        ...{ startedAt: at, completedAt: at, details: {} },
      },
      by,
    )
    for (const part of ['/objects/', attestationId]) {
      const target = await through(place, ({ method, url }) =>
        method === 'GET' && url.includes(part) && url.includes('GetObject') ? one.fate : 'pass',
      )
      const behind = await openRepository(target)
      const read =
        part === attestationId
          ? behind.listAttestations(by.trustedSigners)
          : behind.readStored(envelope.objects[0] ?? envelope.manifest)
      await expect(read).rejects.toMatchObject({ code: one.code })
      await proxy?.close()
    }
  })

  test.each<Fate>(['called-page', 'google-page'])(
    'a service may call its own answers web pages: %s',
    async fate => {
      const target = await through(await makeBucket(ceph), () => fate)
      await target.put('a/b', [Buffer.from('x')])
      expect((await target.get('a/b'))?.toString()).toBe('x')
      const names: string[] = []
      for await (const { name } of target.list('')) names.push(name)
      expect(names).toEqual(['a/b'])
      await target.remove('a/b')
      expect(await target.stat('a/b')).toBeNull()
    },
  )

  test.each<Fate>(['web-page', 'empty-answer'])(
    'a file that only something in between has taken is not taken for stored: %s',
    async fate => {
      const place = await makeBucket(ceph)
      const target = await through(place, ({ method }) => (method === 'PUT' ? fate : 'pass'))
      await expect(target.put('a/b', [Buffer.from('x')])).rejects.toMatchObject({
        code: 'TARGET_UNAVAILABLE',
      })
      expect(await (await openS3Target(place, systemClock)).stat('a/b')).toBeNull()
    },
  )

  test.each<Fate>(['web-page', 'empty-answer'])(
    'a file that only something in between has removed is not taken for gone: %s',
    async fate => {
      const place = await makeBucket(ceph)
      const direct = await openS3Target(place, systemClock)
      await direct.put('a/b', [Buffer.from('x')])
      const target = await through(place, ({ method }) => (method === 'DELETE' ? fate : 'pass'))
      await expect(target.remove('a/b')).rejects.toMatchObject({ code: 'TARGET_UNAVAILABLE' })
      expect(await direct.stat('a/b')).toEqual({ sizeBytes: 1 })
    },
  )

  test.each([false, true])(
    'finds its own file where an answer was lost (locks: %s)',
    async locks => {
      const place = await makeBucket(ceph, locks)
      const lost = new Set<string>()
      const target = await through(place, ({ method, url }) => {
        // The put itself, and the end of an upload in parts.
        const writes =
          method === 'PUT'
            ? !url.includes('?') || url.includes('x-id=PutObject')
            : url.includes('uploadId')
        const name = url.split('?')[0] ?? ''
        if (!writes || method === 'DELETE' || url.includes('partNumber') || lost.has(name))
          return 'pass'
        lost.add(name)
        return 'lose-answer'
      })
      for (const [name, bytes] of [
        ['small', 1000],
        ['large', 11 * MIB],
      ] as const) {
        const body = randomBytes(bytes)
        const receipt = await target.put(name, [body])
        const direct = await openS3Target(place, systemClock)
        expect(
          (await direct.get(name, { versionId: receipt.versionId ?? undefined }))?.equals(body),
        ).toBe(true)
        expect((await direct.get(name))?.equals(body)).toBe(true)
        for await (const found of direct.shadowed('')) expect(found).toBeNull()
      }
      expect(lost.size).toBe(2)
      await expect(target.put('small', [Buffer.from('other')])).rejects.toMatchObject({
        why: expect.stringContaining('there already'),
      })
    },
  )

  test('says that it cannot tell whose file it is where an answer was lost and ETags are no MD5', async () => {
    const place = await makeBucket(ceph, false)
    let lost = 0
    const target = await through(place, ({ method, url }) => {
      if (method === 'GET') return url.includes('list-type=2') ? 'other-etags' : 'pass'
      return method === 'PUT' && lost++ === 0 ? 'lose-answer' : 'pass'
    })
    await expect(target.put('a', [randomBytes(1000)])).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      why: expect.stringContaining('SSE-KMS'),
      hints: expect.arrayContaining([expect.stringContaining('run the command again')]),
    })
    // One whose answer came is not asked about.
    await target.put('b', [randomBytes(1000)])
  })

  test('never tries a refusal again, and gives up on what stays', async () => {
    const place = await makeBucket(ceph)
    const refused = await through(place, () => 403)
    await expect(refused.get('a')).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    const asked = proxy?.requests.length ?? 0
    expect(new Set(proxy?.requests).size).toBe(asked)
    await proxy?.close()
    const broken = await through(place, ({ method }) => (method === 'PUT' ? 500 : 'pass'))
    await expect(broken.put('a', [Buffer.from('x')])).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      why: expect.stringContaining('500'),
    })
    expect(proxy?.requests.filter(line => line.startsWith('PUT'))).toHaveLength(4)
    expect(await (await openS3Target(place, systemClock)).stat('a')).toBeNull()
    await expect(
      (await openS3Target({ ...place, endpoint: 'http://127.0.0.1:1' }, systemClock)).get('a'),
    ).rejects.toMatchObject({ code: 'TARGET_UNAVAILABLE' })
  })

  test('an upload in parts that only something in between has begun leaves no part as a file', async () => {
    const place = await makeBucket(ceph)
    const target = await through(place, ({ method, url }) =>
      method === 'POST' && url.includes('uploads') ? 'empty-answer' : 'pass',
    )
    await expect(target.put('a', [randomBytes(11 * MIB)])).rejects.toMatchObject({
      code: 'TARGET_UNAVAILABLE',
    })
    expect(await (await openS3Target(place, systemClock)).stat('a')).toBeNull()
  })

  test.each([false, true])('an error behind a 200 is one (locks: %s)', async locks => {
    const place = await makeBucket(ceph, locks)
    const body = randomBytes(11 * MIB)
    let left = Number.POSITIVE_INFINITY
    const target = await through(place, ({ method, url }) => {
      if (method !== 'POST' || !url.includes('uploadId') || left <= 0) return 'pass'
      left -= 1
      return 'late-error'
    })
    await expect(target.put('a', [body])).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    const direct = await openS3Target(place, systemClock)
    expect(await direct.stat('a')).toBeNull()
    left = 1
    await target.put('a', [body])
    expect((await direct.get('a'))?.equals(body)).toBe(true)
  })

  test('does not wait for one that stays silent as often as for one that answers', async () => {
    const retry = { attempts: 9, firstWaitMs: 5, longestWaitMs: 20, giveUpAfterMs: 600 }
    const place = await makeBucket(ceph)
    const target = await through(place, () => 'silence', { ...TUNING, retry, timeoutMs: 500 })
    await expect(target.stat('a')).rejects.toMatchObject({
      code: 'TARGET_UNAVAILABLE',
      why: expect.stringContaining('no complete answer within 0.5 s'),
    })
    expect(proxy?.requests).toHaveLength(2)
  })

  test('calls an upload in parts off when a part cannot be sent', async () => {
    const place = await makeBucket(ceph)
    const target = await through(place, ({ url }) => (url.includes('partNumber=2') ? 503 : 'pass'))
    await expect(target.put('a', [randomBytes(11 * MIB)])).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
    })
    const left = await ownerClient(ceph).send(
      new ListMultipartUploadsCommand({ Bucket: place.bucket }),
    )
    expect([left.Uploads, await target.stat('a')]).toEqual([undefined, null])
  })

  test('keeps whole snapshots, or none, when every third request fails somehow', async () => {
    const place = await makeBucket(ceph, true)
    const keys = await makeKeys()
    await createRepository(await openS3Target(place, systemClock), systemClock)
    const fates: Fate[] = [500, 'reset', 503, 'lose-answer', 'cut-answer']
    const target = await through(place, ({ n }) => (n % 3 === 0 ? (fates[n % 5] ?? 500) : 'pass'))
    const repository = await openRepository(target)
    for (const texts of [
      ['1\n', '2\n'],
      ['2\n', '3\n'],
    ]) {
      await commitSnapshot(repository, keys.options, texts)
    }
    const direct = await openRepository(await openS3Target(place, systemClock))
    const { snapshots } = await direct.listSnapshots(keys.options.trustedSigners)
    expect(snapshots).toHaveLength(2)
    for (const { manifest, objects } of snapshots) {
      for (const file of [manifest, ...objects]) await direct.readStored(file)
    }
  })
})

test.skipIf(missing)("a certificate of a CA of one's own needs ca_file", async () => {
  await withFolder(async folder => {
    const { cert, tls } = await makeCertificate(folder)
    proxy = await startFaultProxy(ceph.endpoint, () => 'pass', tls)
    const place = { ...(await makeBucket(ceph)), endpoint: proxy.endpoint }
    const known = await openS3Target({ ...place, caFile: cert }, systemClock, TUNING)
    for (const [name, bytes] of [
      ['a', 1],
      ['in-one', 3 * MIB],
      ['in-parts', 11 * MIB],
    ] as const) {
      const body = randomBytes(bytes)
      await known.put(name, [body])
      expect((await known.get(name))?.equals(body)).toBe(true)
    }
    await expect((await openS3Target(place, systemClock, TUNING)).get('a')).rejects.toMatchObject({
      code: 'TARGET_UNAVAILABLE',
      why: expect.stringMatching(/self-signed certificate/),
    })
  })
})

test.skipIf(missing)(
  "credentials come from a section of a file that is its owner's alone",
  async () => {
    await withFolder(async folder => {
      const file = join(folder, 'credentials')
      const section = [
        `aws_access_key_id=${ceph.accessKey}`,
        `aws_secret_access_key = ${ceph.secretKey}`,
      ]
      const text = ['[default]', 'aws_access_key_id = nobody', 'aws_secret_access_key = x']
      await writeFile(file, [...text, '[backup]', ...section].join('\n'), { mode: 0o644 })
      const place = { ...(await makeBucket(ceph)), credentialsFile: file }
      const open = (profile?: string) => openS3Target({ ...place, profile }, systemClock, TUNING)
      await expect(open('backup')).rejects.toMatchObject({ code: 'SECRET_MISSING' })
      await chmod(file, 0o600)
      await (await open('backup')).put('a', [Buffer.from('x')])
      await expect((await open()).get('a')).rejects.toMatchObject({
        code: 'AUTHENTICATION_REFUSED',
      })
      await expect(open('nobody')).rejects.toMatchObject({ code: 'SECRET_MISSING' })
    })
  },
)

test('a rate is kept over several files, read and written', async () => {
  await withFolder(async folder => {
    const target = limitRate(openDirectoryTarget(folder), MIB, systemClock)
    const startedMs = performance.now()
    const names = ['a', 'b', 'c', 'd']
    await Promise.all(names.map(name => target.put(name, [Buffer.alloc(MIB / 8)])))
    await target.get('a')
    // Four eighths of a second, before the fifth; the fifth keeps the next one waiting.
    expect(performance.now() - startedMs).toBeGreaterThan(480)
  })
})
