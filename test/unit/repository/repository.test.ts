import { createHash } from 'node:crypto'
import { appendFile, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { Secret } from '#core/secret'
import { generateIdentity, generateSigningKey } from '#crypto/key-files'
import { signStatement } from '#crypto/signed-statement'
import type { SnapshotEnvelope } from '#domain/backup/envelope'
import { createRepository, openRepository, type Repository } from '#repository/repository'
import { openMemoryTarget } from '#target/memory/memory-target'
import type { Target } from '#target/target'
import { commitSnapshot, makeKeys, type TestKeys } from '#test/snapshots'
import { withFolder } from '#test/temporary'

let target: Target
let repository: Repository
let keys: TestKeys
let trusted: readonly string[]

beforeEach(async () => {
  target = openMemoryTarget()
  repository = await createRepository(target, systemClock)
  keys = await makeKeys()
  trusted = keys.options.trustedSigners
})

async function names(prefix = ''): Promise<string[]> {
  const found: string[] = []
  for await (const { name } of target.list(prefix)) found.push(name)
  return found
}

const commit = (texts: readonly string[], change: Partial<TestKeys['options']> = {}) =>
  commitSnapshot(repository, { ...keys.options, ...change }, texts)

/** A place where the envelope is signed as ours, but says something else. */
async function plant(envelope: SnapshotEnvelope, id: string): Promise<void> {
  await target.put(`snapshots/${id}/snapshot.json`, [
    signStatement('snapshot', envelope, keys.signingKey),
  ])
}

describe('a snapshot', () => {
  test('comes back as it was committed, for either recipient', async () => {
    const made = await commit(['1\n', '2\n3\n'])
    const opened = await openRepository(target)
    expect(opened.id).toBe(repository.id)
    const envelope = await opened.readEnvelope('latest', trusted)
    expect(envelope).toEqual(made.envelope)
    expect(await opened.readEnvelope(envelope.snapshotId.slice(0, 30), trusted)).toEqual(envelope)
    for (const { identity } of [keys.operations, keys.escrow]) {
      expect(await opened.readManifest(envelope, [identity])).toEqual(made.manifest)
      for (const object of envelope.objects) await opened.readPiece(object, [identity])
    }
  })

  test('is not there before its envelope is, and blocks nothing when it never comes', async () => {
    const writer = await repository.startSnapshot(keys.options)
    await writer.storePiece([Buffer.from('x')], createHash('sha256').update('x').digest())
    await writer.close()
    expect((await repository.listSnapshots(trusted)).snapshots).toEqual([])
    await expect(repository.readEnvelope('latest', trusted)).rejects.toMatchObject({
      code: 'SNAPSHOT_NOT_FOUND',
    })
    expect((await commit(['1\n'])).envelope.parent).toBeNull()
  })

  test('is written in the order started, objects, manifest, envelope', async () => {
    const order: string[] = []
    const recording: Target = {
      ...target,
      put: async (name, body) => {
        const receipt = await target.put(name, body)
        order.push(name.replace(/.*\//, '').replace(/^[0-9a-f.]+$/, 'object'))
        return receipt
      },
    }
    await commitSnapshot(await openRepository(recording), keys.options, ['1\n', '2\n'])
    const own = ['object', 'object', 'manifest.age', 'snapshot.json']
    expect(order).toEqual(['started.json', ...own])
  })

  test('tells nothing of names and rows in the clear', async () => {
    await commit(['a secret row\n'])
    for (const name of await names()) {
      const text = (await target.get(name))?.toString('latin1') ?? ''
      const clear = text + Buffer.from(/"payload":"([^"]+)"/.exec(text)?.[1] ?? '', 'base64')
      if (name !== 'RESTORE.md') expect(clear).not.toMatch(/secret row|shop/)
    }
  })

  test('follows its parent, also when the clock was set back', async () => {
    const first = await commit(['1\n'])
    const past = { ...systemClock, now: () => new Date('2001-01-01') }
    const second = await commit(['1\n'], { clock: past })
    expect(second.envelope.snapshotId > first.envelope.snapshotId).toBe(true)
    const bytes = await target.get(`snapshots/${first.envelope.snapshotId}/snapshot.json`)
    expect(second.envelope.parent).toEqual({
      snapshotId: first.envelope.snapshotId,
      sha256: createHash('sha256')
        .update(bytes ?? '')
        .digest('hex'),
    })
    const other = await commit(['1\n'], { sourceId: 'another server' })
    expect(other.envelope.parent).toBeNull()
  })

  test('of one source is made by one run at a time', async () => {
    const writer = await repository.startSnapshot(keys.options)
    await expect(repository.startSnapshot(keys.options)).rejects.toMatchObject({
      code: 'LOCKED',
      exitCode: 11,
    })
    const other = await repository.startSnapshot({ ...keys.options, sourceId: 'other' })
    await other.close()
    await writer.close()
    await commit(['1\n'])
  })
})

describe('an object is used again', () => {
  test('when the same rows come for the same recipients', async () => {
    const first = await commit(['1\n', '2\n'])
    const [one, escrow] = keys.options.recipients
    const second = await commit(['2\n', '3\n'], { recipients: [escrow ?? '', one ?? ''] })
    expect(second.reused).toBe(1)
    expect(
      second.envelope.objects.filter(o => first.envelope.objects.some(p => p.path === o.path)),
    ).toHaveLength(1)
    expect((await names('objects/')).length).toBe(3)
  })

  test('within one snapshot, also when both come at once', async () => {
    // Which is none of an earlier snapshot.
    const { envelope, reused } = await commit(['1\n', '1\n'])
    expect([envelope.objects.length, reused]).toEqual([1, 0])
    const writer = await repository.startSnapshot({ ...keys.options, sourceId: 'other' })
    const sha256 = createHash('sha256').update('same').digest()
    const stored = await Promise.all([1, 2, 3].map(() => writer.storePiece([sha256], sha256)))
    await writer.close()
    expect(new Set(stored.map(one => one.stored.path)).size).toBe(1)
    expect(stored.map(({ reused, twice }) => [reused, twice]).sort()).toEqual([
      [false, false],
      [false, true],
      [false, true],
    ])
  })

  test('out of a backup that was not finished, until one is', async () => {
    await withFolder(async journalFolder => {
      const options = { ...keys.options, journalFolder }
      const sha256 = createHash('sha256').update('1\n').digest()
      const writer = await repository.startSnapshot(options)
      await writer.storePiece([Buffer.from('x')], sha256)
      await writer.close()
      const [journal] = await readdir(journalFolder)
      expect((await stat(join(journalFolder, journal ?? ''))).mode & 0o777).toBe(0o600)
      await appendFile(join(journalFolder, journal ?? ''), '{"id":"torn')
      expect((await commit(['1\n', '2\n'], { journalFolder })).reused).toBe(1)
      expect(await readdir(journalFolder)).toEqual([])
    })
  })

  test('out of a pack of blocks of such a backup, block by block', async () => {
    await withFolder(async journalFolder => {
      const options = { ...keys.options, journalFolder }
      const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()
      const blocks = ['a', 'b'].map((text, frame) => ({
        ...{ sha256: sha256(text), frame, at: frame, bytes: 1 },
      }))
      const killed = await repository.startSnapshot(options)
      const { stored } = await killed.storePiece([Buffer.from('x')], sha256('ab'), blocks)
      await killed.close()
      const [journal] = await readdir(journalFolder)
      await appendFile(join(journalFolder, journal ?? ''), '{"id":"torn')
      const next = await repository.startSnapshot(options)
      const known = await next.knownBlocks()
      expect(await known.find(sha256('b'))).toEqual({
        ...{ pack: stored, frames: 2 },
        place: { pack: 0, frame: 1, at: 1, bytes: 1 },
      })
      expect(await known.find(sha256('c'))).toBeNull()
      await next.close()
      const added = (await generateIdentity()).recipient
      const others = await repository.startSnapshot({ ...options, recipients: [added] })
      expect(await (await others.knownBlocks()).find(sha256('b'))).toBeNull()
      await others.close()
    })
  })

  test('but not for other recipients, nor under another dedup key', async () => {
    await commit(['1\n'])
    const added = await generateIdentity()
    const more = [...keys.options.recipients, added.recipient]
    expect((await commit(['1\n'], { recipients: more })).reused).toBe(0)
    expect((await commit(['1\n'], { recipients: [added.recipient] })).reused).toBe(0)
    expect(
      (await commit(['1\n'], { dedupKey: new Secret(Buffer.alloc(32).toString('base64')) })).reused,
    ).toBe(0)
  })

  test('but not out of an envelope that is not believed', async () => {
    await commit(['1\n'])
    const signingKey = generateSigningKey()
    const trustedSigners = [signingKey.signer]
    expect((await commit(['1\n'], { signingKey, trustedSigners })).reused).toBe(0)
  })

  test('but not when it is gone, or has another size', async () => {
    const { envelope } = await commit(['1\n', '2\n'])
    const [gone, short] = envelope.objects.map(({ path }) => path)
    await target.remove(gone ?? '')
    await target.remove(short ?? '')
    await target.put(short ?? '', [Buffer.from('x')])
    expect((await commit(['1\n', '2\n'])).reused).toBe(0)
  })

  test('but not when a trusted attestation calls it damaged', async () => {
    const { envelope } = await commit(['1\n', '2\n'])
    const [bad] = envelope.objects
    const claim = {
      snapshotId: envelope.snapshotId,
      kind: 'verify' as const,
      outcome: 'failed' as const,
      startedAt: '',
      completedAt: '',
      damaged: [{ path: bad?.path ?? '', problem: 'bent' }],
      details: {},
    }
    const by = { trustedSigners: trusted, clock: systemClock }
    await repository.putAttestation(claim, { ...by, signingKey: generateSigningKey() })
    expect((await repository.listAttestations(trusted)).refused).toHaveLength(1)
    expect((await commit(['1\n', '2\n'], { sourceId: 'stranger attested' })).reused).toBe(2)
    await repository.putAttestation(claim, { ...by, signingKey: keys.signingKey })
    expect((await commit(['1\n', '2\n'])).reused).toBe(1)
    expect((await commit(['1\n', '2\n'])).reused).toBe(2)
  })
})

test.each(['used again', 'new'])(
  'an object, %s, that is removed while the backup runs makes it fail',
  async which => {
    const { envelope } = await commit(['1\n', '2\n'])
    const before = await names('objects/')
    const put = target.put.bind(target)
    target.put = async (name, body) => {
      const receipt = await put(name, body)
      if (!name.endsWith('manifest.age')) return receipt
      const added = (await names('objects/')).filter(object => !before.includes(object))
      await target.remove((which === 'new' ? added[0] : envelope.objects[0]?.path) ?? '')
      return receipt
    }
    await expect(commit(['1\n', '2\n', '3\n'])).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      what: expect.stringContaining('is not there any more'),
    })
    expect((await repository.listSnapshots(trusted)).snapshots).toHaveLength(1)
    target.put = put
    await commit(['1\n', '2\n', '3\n'])
  },
)

test('what was attested last is the newest, also behind a clock that was ahead', async () => {
  const { envelope } = await commit(['1\n'])
  const { snapshotId } = envelope
  const of = { snapshotId, kind: 'verify' as const, startedAt: '', completedAt: '', details: {} }
  const by = { signingKey: keys.signingKey, trustedSigners: trusted }
  const ahead = { ...systemClock, now: () => new Date(Date.now() + 365 * 86_400_000) }
  await repository.putAttestation(
    { ...of, outcome: 'passed', damaged: [] },
    { ...by, clock: ahead },
  )
  // Anyone who may write can make a name.
  await target.put(`attestations/${snapshotId}/ffffffff-ffff-7fff-bfff-ffffffffffff.json`, [
    Buffer.of(),
  ])
  const now = { ...by, clock: systemClock }
  await repository.putAttestation({ ...of, outcome: 'failed', damaged: [] }, now)
  await repository.putAttestation({ ...of, outcome: 'passed', damaged: [] }, now)
  await repository.putAttestation({ ...of, outcome: 'failed', damaged: [] }, now)
  const { attestations } = await repository.listAttestations(trusted)
  expect(attestations.map(({ outcome }) => outcome)).toEqual([
    ...['passed', 'failed', 'passed', 'failed'],
  ])
})

describe('an envelope is refused', () => {
  test.each<[string, Partial<SnapshotEnvelope>, string]>([
    ['of another repository', { repositoryId: 'theirs' }, 'SIGNATURE_INVALID'],
    ['of another snapshot', {}, 'SIGNATURE_INVALID'],
    ['of another format', { format: 2 as 1, snapshotId: 'ffff' }, 'REPOSITORY_VERSION'],
    [
      'without its objects',
      { objects: undefined as never, snapshotId: 'ffff' },
      'REPOSITORY_VERSION',
    ],
    ['that requires more', { requires: ['zstd', 'x'], snapshotId: 'ffff' }, 'UNSUPPORTED'],
  ])('%s', async (_, change, code) => {
    const { envelope } = await commit(['1\n'])
    await plant({ ...envelope, ...change }, 'ffff')
    await expect(repository.readEnvelope('ffff', trusted)).rejects.toMatchObject({ code })
    await expect(repository.readEnvelope('latest', trusted)).rejects.toMatchObject({ code })
    const listed = await repository.listSnapshots(trusted)
    expect(listed.snapshots).toEqual([envelope])
    expect(listed.refused).toMatchObject([{ snapshotId: 'ffff', error: { code } }])
  })

  test('that names a path outside of the repository, on reading it', async () => {
    const { envelope } = await commit(['1\n'])
    const outside = { path: '../../etc/passwd', bytes: 1, sha256: '' }
    await expect(repository.readStored(outside)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    const manifest = { ...envelope.manifest, sha256: '0'.repeat(64) }
    await expect(
      repository.readManifest({ ...envelope, manifest }, [keys.operations.identity]),
    ).rejects.toMatchObject({ code: 'OBJECT_DAMAGED' })
  })

  test("whose manifest is another snapshot's", async () => {
    const first = await commit(['1\n'])
    const second = await commit(['2\n'])
    const crossed = { ...second.envelope, manifest: first.envelope.manifest }
    await expect(
      repository.readManifest(crossed, [keys.operations.identity]),
    ).rejects.toMatchObject({ code: 'OBJECT_DAMAGED', why: expect.stringContaining('of snapshot') })
  })
})

describe('creating', () => {
  test('refuses where a repository or anything else is', async () => {
    await expect(createRepository(target, systemClock)).rejects.toMatchObject({
      code: 'TARGET_NOT_EMPTY',
    })
    const other = openMemoryTarget()
    await other.put('holiday.jpg', [])
    await expect(createRepository(other, systemClock)).rejects.toMatchObject({
      code: 'TARGET_NOT_EMPTY',
      why: expect.stringContaining('holiday.jpg'),
    })
  })

  test('of an older ecomdb keeps its recipe, and gets the one of today beside it, once', async () => {
    await commit(['1\n'])
    const recipes = async (of: Target) => {
      const found: string[] = []
      for await (const { name } of of.list('')) if (name.startsWith('RESTORE')) found.push(name)
      return found
    }
    expect(await recipes(target)).toEqual(['RESTORE.md'])
    const old = openMemoryTarget()
    await old.put('RESTORE.md', [Buffer.from('# As it was')])
    const made = await createRepository(old, systemClock)
    for (const row of ['1\n', '2\n']) await commitSnapshot(made, keys.options, [row])
    const [newer = '', ...others] = await recipes(old)
    expect([newer, others]).toEqual([
      expect.stringMatching(/^RESTORE-\d{8}-[0-9a-f]{8}\.md$/),
      ['RESTORE.md'],
    ])
    const [text, today] = [await old.get(newer), await target.get('RESTORE.md')].map(String)
    expect(text).toContain(`\n  ${newer} > "$HOME/restore.sh"\n`)
    expect(text?.replace(newer, 'RESTORE.md')).toEqual(today)
  })

  test('goes on where it was cut off', async () => {
    const cut = openMemoryTarget()
    await cut.put('RESTORE.md', [Buffer.from('x')])
    await createRepository(cut, systemClock)
  })

  test('an empty target has none, and it is not made on opening', async () => {
    const empty = openMemoryTarget()
    await expect(openRepository(empty)).rejects.toMatchObject({ code: 'TARGET_UNAVAILABLE' })
    await empty.put('holiday.jpg', [])
    await expect(openRepository(empty)).rejects.toMatchObject({ code: 'REPOSITORY_NOT_FOUND' })
    await empty.put('ecomdb-repository.json', [Buffer.from('{"kind":"ecomdb-repo')])
    await expect(openRepository(empty)).rejects.toMatchObject({ code: 'REPOSITORY_NOT_FOUND' })
  })
})
