import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import type { SnapshotEnvelope } from '#domain/backup/envelope'
import { ATTESTATIONS, envelopeFile, TOMBSTONES } from '#repository/layout'
import { openRepository } from '#repository/repository'
import { putTombstone } from '#repository/tombstones'
import { uuidV7 } from '#repository/uuid'
import { openDirectoryTarget } from '#target/dir/directory-target'
import type { Target } from '#target/target'
import { KEEP_NEWEST } from '#test/keep-newest'
import { commitSnapshot } from '#test/snapshots'
import { type StoredRepository, storeRepository } from '#test/stored-repository'
import { makeFolder } from '#test/temporary'
import { verifySnapshots } from '#workflow/backup/verify-snapshots'
import { expireSnapshots } from '#workflow/expire/expire-snapshots'

// What an expire on another host takes away while it is read here: locks of this machine do not reach it.

let made: StoredRepository
let trusted: readonly string[]
const keys = () => ({
  ...{ recipients: made.keys.options.recipients, identityFiles: [made.identity] },
  ...{ trustedSigners: trusted, signingKeyFile: made.signingKey },
})

beforeEach(async () => {
  const folder = await makeFolder()
  made = await storeRepository(folder)
  trusted = made.keys.options.trustedSigners
  return async () => await rm(folder, { recursive: true, force: true })
})

/** As another host's expire does it: the tombstone, the envelope, then what no other snapshot needs. */
async function expireFirst(announces = true): Promise<void> {
  const { snapshotId, manifest, objects } = made.first
  const now = systemClock.now()
  const at = now.toISOString()
  const tombstone = {
    ...{ format: 1 as const, repositoryId: made.repository.id, tombstoneId: uuidV7(now) },
    ...{ copyId: null, tool: 'test', at, removeAfter: at },
    lapsesAt: new Date(now.getTime() + 86_400_000).toISOString(),
    ...{ snapshots: [{ snapshotId, envelopeSha256: '', reasons: [] }], objects: [] },
  }
  if (announces) await putTombstone(openDirectoryTarget(made.path), tombstone, made.keys.signingKey)
  const own = objects.filter(({ path }) => made.second.objects.every(one => one.path !== path))
  for (const path of [envelopeFile(snapshotId), manifest.path, ...own.map(one => one.path)])
    await rm(join(made.path, path))
}

/** The repository, where something happens right before the n-th read of a file. */
function disturbed(file: string, happen: () => Promise<void>, nth = 1): Target {
  const inner = openDirectoryTarget(made.path)
  let left = nth
  const read = async (name: string): Promise<void> => {
    if (name !== file) return
    left -= 1
    if (left === 0) await happen()
  }
  return Object.assign(Object.create(inner), {
    ...{ label: inner.label, lock: null, put: inner.put.bind(inner), list: inner.list.bind(inner) },
    get: async (...args: Parameters<Target['get']>) => {
      await read(args[0])
      return await inner.get(...args)
    },
    // As verify reads, past this machine's memory.
    readBack: async (name: string) => {
      await read(name)
      return await inner.readBack(name)
    },
    stat: (name: string) => inner.stat(name),
    shadowed: inner.shadowed.bind(inner),
  })
}

const firstEnvelope = () => envelopeFile(made.first.snapshotId)
const onlyFirst = ({ objects }: SnapshotEnvelope): string =>
  objects.find(({ path }) => made.second.objects.every(one => one.path !== path))?.path ?? ''

const verify = (target: Target, deep: boolean) =>
  verifySnapshots(
    { target, snapshot: 'all', deep, keys: keys(), clock: systemClock },
    silentProgress(),
  )

describe('what goes while it is read', () => {
  test.each([[false], [true]])('is no damage to verify, deep: %s', async deep => {
    for (const file of [() => made.first.manifest.path, () => onlyFirst(made.first)]) {
      const report = await verify(disturbed(file(), expireFirst), deep)
      expect(report).toMatchObject({
        outcome: 'passed',
        snapshots: [{ snapshotId: made.second.snapshotId, outcome: 'passed' }],
        gone: [{ snapshotId: made.first.snapshotId, announced: true }],
      })
      const repository = await openRepository(openDirectoryTarget(made.path))
      const { attestations } = await repository.listAttestations(trusted)
      expect(attestations.every(({ outcome }) => outcome === 'passed')).toBe(true)
      await rm(made.folder, { recursive: true })
      made = await storeRepository(made.folder)
      trusted = made.keys.options.trustedSigners
    }
  })

  test('without a tombstone is told', async () => {
    const target = disturbed(made.first.manifest.path, () => expireFirst(false))
    const { gone } = await verify(target, false)
    expect(gone).toEqual([{ snapshotId: made.first.snapshotId, announced: false }])
  })

  test('is not listed', async () => {
    const repository = await openRepository(disturbed(firstEnvelope(), expireFirst))
    const { snapshots } = await repository.listSnapshots(trusted)
    expect(snapshots.map(({ snapshotId }) => snapshotId)).toEqual([made.second.snapshotId])
  })

  test('is what a restore reads: that is said, and nothing of damage', async () => {
    const repository = await openRepository(openDirectoryTarget(made.path))
    await expireFirst()
    const identities = [made.keys.operations.identity]
    const gone = { code: 'SNAPSHOT_NOT_FOUND', what: expect.stringContaining('was removed while') }
    await expect(repository.readManifest(made.first, identities)).rejects.toMatchObject(gone)
    const object = made.first.objects.find(({ path }) => path === onlyFirst(made.first))
    if (!object) throw new Error('the first snapshot has nothing of its own')
    await expect(
      repository.readPiece(object, identities, made.first.snapshotId),
    ).rejects.toMatchObject(gone)
    await expect(
      repository.readPiece(object, identities, made.second.snapshotId),
    ).rejects.toMatchObject({ code: 'OBJECT_DAMAGED' })
  })

  test.each([[1], [2]])('stops no other expire, nor is it called vanished (read %i)', async nth => {
    await verify(openDirectoryTarget(made.path), false)
    const target = disturbed(firstEnvelope(), expireFirst, nth)
    const options = { target, keys: keys(), policy: KEEP_NEWEST, accept: null, clock: systemClock }
    const report = await expireSnapshots({ ...options, confirm: false }, silentProgress())
    expect(report).toMatchObject({ anomalies: [], refused: [] })
    expect(report.snapshots).toMatchObject([{ snapshotId: made.second.snapshotId }])
  })
})

test('what a backup on another host has stored that ends during the look is no leftover', async () => {
  let left = 1
  const inner = openDirectoryTarget(made.path)
  const target: Target = Object.assign(Object.create(inner), {
    ...{ label: 'as another host names it', lock: null },
    ...{ put: inner.put.bind(inner), get: inner.get.bind(inner) },
    list: async function* (prefix: string) {
      // Behind the listing of the snapshots, and before that of the objects.
      if (prefix === ATTESTATIONS && left-- === 1)
        await commitSnapshot(made.repository, made.keys.options, ['8\n'])
      yield* inner.list(prefix)
    },
    stat: (name: string) => inner.stat(name),
    remove: (name: string) => inner.remove(name),
  })
  const options = { target, keys: keys(), policy: KEEP_NEWEST, accept: null, clock: systemClock }
  const expire = () => expireSnapshots({ ...options, confirm: true }, silentProgress())
  await expect(expire()).rejects.toMatchObject({
    code: 'LOCKED',
    why: expect.stringContaining('has come meanwhile'),
  })
  for await (const { name } of inner.list(TOMBSTONES)) expect(name).toBe('')
  expect((await expire()).leftovers.files).toBe(0)
})
