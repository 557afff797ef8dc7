import { expect, test } from 'vitest'
import { withPlacesOfWorkers } from '#engine/shared/places-of-workers'

const SOURCE = { channel: '', host: 'db1', port: 3306, gtidSet: '' }

const answers = (places: readonly (readonly [string, string, number])[]) => async () => places

const WORKERS = [
  ['', 'binlog.999999', 4_418_124],
  ['', 'binlog.1000000', 800],
  ['', 'binlog.1000000', 400],
  ['other', 'binlog.1000001', 900],
] as const

test('threads that commit in order are where the furthest of the channel is', async () => {
  const source = { ...SOURCE, file: 'binlog.999999', offset: 4_405_973 }
  const found = await withPlacesOfWorkers(answers(WORKERS), [source], true)
  expect(found).toEqual([{ ...source, file: 'binlog.1000000', offset: 800 }])
})

test('those that do not, and are not together, are at no place', async () => {
  const source = { ...SOURCE, file: 'binlog.999999', offset: 4_405_973 }
  const found = await withPlacesOfWorkers(answers(WORKERS), [source], false)
  expect(found).toEqual([{ ...source, file: null, offset: null }])
})

test('a place that no thread is beyond stays', async () => {
  const source = { ...SOURCE, file: 'binlog.1000000', offset: 800 }
  for (const ordered of [true, false]) {
    expect(await withPlacesOfWorkers(answers(WORKERS), [source], ordered)).toEqual([source])
    expect(await withPlacesOfWorkers(answers([]), [source], ordered)).toEqual([source])
  }
  const none = { ...SOURCE, file: null, offset: null }
  expect(await withPlacesOfWorkers(answers(WORKERS), [none], true)).toEqual([none])
})
