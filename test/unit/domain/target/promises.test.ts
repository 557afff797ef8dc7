import { expect, test } from 'vitest'
import {
  judgePromises,
  PROMISES,
  type PromiseName,
  type TargetContext,
  type Tried,
} from '#domain/target/promises'

const bucket: TargetContext = { runsOn: 'all', kind: 's3', locks: true }
const every = (kept: boolean | null): Tried[] =>
  (Object.keys(PROMISES) as PromiseName[]).map(promise => ({ promise, kept, detail: 'd' }))

function found(tried: readonly Tried[], context: Partial<TargetContext>): PromiseName[] {
  const judged = judgePromises(tried, { ...bucket, ...context })
  return judged.filter(({ finding }) => finding !== null).map(({ promise }) => promise)
}

test('a place that does everything has no finding, but on the host with the database', () => {
  expect(found(every(true), {})).toEqual([])
  expect(found(every(true), { runsOn: 'vault' })).toEqual([])
  expect(found(every(true), { runsOn: 'database' })).toEqual(['reads-objects', 'removes'])
})

test('a credential that neither reads nor removes is right there, and wrong elsewhere', () => {
  const tried = every(true).map(one =>
    ['reads-objects', 'removes'].includes(one.promise) ? { ...one, kept: false } : one,
  )
  expect(found(tried, { runsOn: 'database' })).toEqual([])
  expect(found(tried, { runsOn: 'vault' })).toEqual(['reads-objects', 'removes'])
  expect(found(tried, { runsOn: 'drill' })).toEqual(['reads-objects'])
})

test('what could not be tried is never taken for kept where it is needed', () => {
  expect(found(every(null), {})).toEqual([
    'writes',
    'writes-large',
    'lists',
    'refuses-overwrite',
    'one-wins',
    'keeps-versions',
    'locks',
    'locks-large',
    'lock-holds',
  ])
})

test('a directory has no versions and no locks, and need not', () => {
  const tried = every(true).map(one =>
    one.promise === 'keeps-versions' ? { ...one, kept: false } : one,
  )
  expect(found(tried, { kind: 'directory', locks: false })).toEqual([])
  expect(found(tried, {})).toEqual(['keeps-versions'])
})
