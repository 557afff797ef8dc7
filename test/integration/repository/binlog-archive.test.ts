import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { BinlogArchive, type SegmentFacts } from '#repository/binlog-archive'
import { segmentFile } from '#repository/layout'
import { createRepository } from '#repository/repository'
import { createDirectoryTarget } from '#target/dir/directory-target'
import type { Target } from '#target/target'
import { makeKeys, type TestKeys } from '#test/snapshots'
import { makeFolder } from '#test/temporary'

const SEGMENTS = 50
const STRETCH = '01a2218c-5e73-73a8-8070-5be4c05d4198'

let folder: string
let keys: TestKeys
let target: Target

function facts(sequence: number, previousSha256: string | null): SegmentFacts {
  const [from, to] = [(sequence - 1) * 100, sequence * 100]
  return {
    ...{ sourceId: 's', engine: 'mariadb', serverVersion: '10.11.14', serverUuid: null },
    ...{ serverId: 1, stretchId: STRETCH, sequence, previousSha256 },
    begins: sequence === 1 ? { reason: 'first', after: null } : null,
    ...{ file: 'binlog.000001', from, to, border: to, open: null, nextFile: null },
    ...{ transactions: 0, firstAt: null, lastAt: null, gtidsBefore: '', gtidsAfter: '' },
    ...{ knownUntil: null, tail: null },
  }
}

beforeAll(async () => {
  folder = await makeFolder()
  keys = await makeKeys()
  target = await createDirectoryTarget(join(folder, 'repository'))
  await createRepository(target, systemClock)
  const archive = await BinlogArchive.open(target)
  const { recipients } = keys.options
  const how = { recipients, signingKey: keys.signingKey, clock: systemClock }
  let previous: string | null = null
  for (let sequence = 1; sequence <= SEGMENTS; sequence += 1) {
    previous = (await archive.append(facts(sequence, previous), [Buffer.alloc(100)], how)).sha256
  }
})
afterAll(async () => await rm(folder, { recursive: true, force: true }))

test('envelopes of a log are read side by side, and believed in their order', async () => {
  let reading = 0
  let most = 0
  const counted: Target = Object.assign(Object.create(target), {
    label: target.label,
    list: (prefix: string) => target.list(prefix),
    stat: (name: string) => target.stat(name),
    readBack: (name: string) => target.readBack(name),
    get: async (...args: Parameters<Target['get']>) => {
      reading += 1
      most = Math.max(most, reading)
      try {
        return await target.get(...args)
      } finally {
        reading -= 1
      }
    },
  })
  const archive = await BinlogArchive.open(counted)
  const read = () => archive.stretches(keys.options.trustedSigners)
  const whole = await read()
  expect(whole.stretches[0]?.segments.map(({ sequence }) => sequence)).toEqual(
    Array.from({ length: SEGMENTS }, (_, at) => at + 1),
  )
  expect(whole.refused).toEqual([])
  expect([most > 8, most < 64]).toEqual([true, true])
  // Behind one that is not believed, nothing is: it may be in the same group.
  await writeFile(join(folder, 'repository', segmentFile('s', STRETCH, 20)), '{}')
  const cut = await read()
  expect(cut.stretches[0]?.segments).toHaveLength(19)
  expect(cut.refused).toMatchObject([{ segments: 19 }])
})
