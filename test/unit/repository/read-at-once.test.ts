import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { generateSigningKey } from '#crypto/key-files'
import type { CopyRecord } from '#domain/copy/copy-record'
import type { Tombstone } from '#domain/retention/tombstone'
import { newestCopyRecords, ownCopyRecord, putCopyRecord } from '#repository/signed-records'
import { putTombstone, tombstonesOf } from '#repository/tombstones'
import { forwarding } from '#target/forwarding'
import { openMemoryTarget } from '#target/memory/memory-target'

const key = generateSigningKey()
const trust = { repositoryId: 'r', trustedSigners: [key.signer] }

/** A place that counts what is read, and how much of it at once. */
function counting() {
  const place = openMemoryTarget()
  const read = { names: [] as string[], now: 0, most: 0 }
  const target = forwarding(place, {
    get: async name => {
      read.names.push(name)
      read.now += 1
      read.most = Math.max(read.most, read.now)
      await sleep(1)
      read.now -= 1
      return await place.get(name)
    },
  })
  return { target, read }
}

const padded = (n: number): string => String(n).padStart(3, '0')

test('tombstones are read some at once, and stay in their order', async () => {
  const { target, read } = counting()
  const stranger = generateSigningKey()
  for (let n = 0; n < 50; n += 1) {
    const what = { format: 1, repositoryId: 'r', tombstoneId: padded(n), copyId: null }
    await putTombstone(target, what as Tombstone, n === 20 ? stranger : key)
  }
  const { tombstones, refused } = await tombstonesOf(target, trust, null)
  const ids = Array.from({ length: 50 }, (_, n) => padded(n)).filter(id => id !== '020')
  expect(tombstones.map(({ tombstoneId }) => tombstoneId)).toEqual(ids)
  expect(refused.map(({ name }) => name)).toEqual(['tombstones/020.json'])
  expect(read.most).toBe(16)
})

test('of the records of a copy the newest that is believed is read, and none behind it', async () => {
  const { target, read } = counting()
  const put = async (copyId: string, n: number, by = key) => {
    const record = { format: 1, repositoryId: 'r', recordId: padded(n), copyId }
    await putCopyRecord(target, record as CopyRecord, by)
  }
  for (let n = 0; n < 30; n += 1) {
    await put('a', n)
    await put('b', n)
  }
  await put('b', 30, generateSigningKey())
  const { records, refused } = await newestCopyRecords(target, trust)
  expect(records.map(one => [one.copyId, one.recordId])).toEqual([
    ['a', '029'],
    ['b', '029'],
  ])
  expect(refused.map(({ name }) => name)).toEqual(['copies/b/030.json'])
  expect(read.names.toSorted()).toEqual(
    ['a/029', 'b/029', 'b/030'].map(one => `copies/${one}.json`),
  )
  expect((await ownCopyRecord(target, trust, 'b'))?.recordId).toBe('029')
  expect(await ownCopyRecord(target, trust, 'c')).toBeNull()
  expect(await ownCopyRecord(target, trust, null)).toBeNull()
})
