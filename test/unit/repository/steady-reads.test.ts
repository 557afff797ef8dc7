import { beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import type { SnapshotEnvelope } from '#domain/backup/envelope'
import { createRepository, openRepository } from '#repository/repository'
import { unsteadyReads } from '#repository/unsteady-reads'
import { openMemoryTarget } from '#target/memory/memory-target'
import type { Target } from '#target/target'
import { commitSnapshot, makeKeys, type TestKeys } from '#test/snapshots'

// What comes wrong out of a place that is whole is not called damage.

let inner: Target
let keys: TestKeys
let envelope: SnapshotEnvelope

beforeEach(async () => {
  inner = openMemoryTarget()
  keys = await makeKeys()
  const repository = await createRepository(inner, systemClock)
  envelope = (await commitSnapshot(repository, keys.options, ['1\n2\n'])).envelope
})

type Fate = 'whole' | 'missing' | 'error' | number

/** The same place, where the n-th read of a file meets the n-th fate; a number is the byte that is changed. */
function through(file: RegExp, ...fates: Fate[]): Target {
  const read = (name: string, bytes: Buffer | null): Buffer | null => {
    if (!file.test(name)) return bytes
    const fate = fates.shift() ?? 'whole'
    if (fate === 'missing') return null
    if (fate === 'error') {
      const cause = Object.assign(new Error('EIO'), { code: 'EIO' })
      throw new EcomdbError('STORAGE_FAILED', { what: 'cannot read', why: 'EIO', cause })
    }
    if (bytes && fate !== 'whole') bytes[fate] = (bytes[fate] ?? 0) ^ 1
    return bytes
  }
  return {
    ...inner,
    get: async (name, part) => read(name, await inner.get(name, part)),
    readBack: async name => {
      const bytes = read(name, (await inner.readBack(name))?.bytes ?? null)
      return bytes && { bytes, from: 'medium' }
    },
  }
}

async function readObject(target: Target): Promise<Buffer> {
  const [object] = envelope.objects
  if (!object) throw new Error('the snapshot has no object')
  return await (await openRepository(target)).readStored(object)
}

describe('an object', () => {
  test.each<{ fates: Fate[] }>([
    { fates: [7] },
    { fates: ['missing'] },
    { fates: ['error'] },
    { fates: [7, 8] },
  ])('that is whole behind $fates is read, and the way is told of', async ({ fates }) => {
    const target = through(/^objects\//, ...fates)
    await readObject(target)
    expect(unsteadyReads(target)).toMatchObject([
      {
        name: envelope.objects[0]?.path,
        problem: expect.stringMatching(/read again .* as signed/),
      },
    ])
  })

  test.each<{ fates: Fate[] }>([
    { fates: [7, 7] },
    { fates: ['missing', 'missing'] },
    { fates: [7, 8, 7] },
  ])('that two reads find wrong alike, $fates, is damaged', async ({ fates }) => {
    const target = through(/^objects\//, ...fates)
    await expect(readObject(target)).rejects.toMatchObject({ code: 'OBJECT_DAMAGED' })
    expect(unsteadyReads(target)).toEqual([])
  })

  test('of which each read gives something else is not called damaged', async () => {
    const target = through(/^objects\//, 7, 8, 9)
    await expect(readObject(target)).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      why: expect.stringMatching(/^each of 3 reads gave something else/),
    })
  })

  test('that a disk cannot read is told as the disk does', async () => {
    const target = through(/^objects\//, 'error', 'error')
    await expect(readObject(target)).rejects.toMatchObject({ code: 'STORAGE_FAILED', why: 'EIO' })
  })
})

describe('an envelope', () => {
  const list = async (target: Target) =>
    await (await openRepository(target)).listSnapshots(keys.options.trustedSigners)

  test('that is read wrong once is believed', async () => {
    const target = through(/snapshot\.json$/, 40)
    expect(await list(target)).toMatchObject({ snapshots: [envelope], refused: [] })
    expect(unsteadyReads(target)).toHaveLength(1)
  })

  test('that is wrong each time is not', async () => {
    const found = await list(through(/snapshot\.json$/, 40, 40))
    expect(found).toMatchObject({
      snapshots: [],
      refused: [{ error: { code: 'SIGNATURE_INVALID' } }],
    })
  })
})
