import { expect, test } from 'vitest'
import { importedSince, requireComplete, type Tablespace } from '#engine/mariadb/tablespaces'

const space = (number: number, name: string, table = number): Tablespace => ({
  ...{ space: number, table, name },
  file: `./${name}.ibd`,
})

const outcome = (
  before: readonly Tablespace[],
  after: readonly Tablespace[],
  ...paths: string[]
): string => {
  try {
    requireComplete(before, after, new Set(paths))
    return 'complete'
  } catch (error) {
    return JSON.stringify(error)
  }
}

test('tables that were there all the time are in the copy, by any of the names that they get', () => {
  const all = [space(1, 'b/a'), space(2, 'b/b'), space(3, 'b/c'), space(4, 'b/d#P#p0')]
  const paths = ['b/a.ibd', 'b/b.new', 'b/c.ibd.delta', 'b/d#P#p0.new.delta']
  expect(outcome(all, all, ...paths)).toBe('complete')
  expect(outcome(all, all, ...paths.slice(1))).toMatch(/b\/a.*checkpoint/)
})

test('what was dropped, made anew, renamed or imported meanwhile need not be', () => {
  expect(outcome([space(1, 'b/t')], [])).toBe('complete')
  expect(outcome([space(1, 'b/t')], [space(2, 'b/t')])).toBe('complete')
  expect(outcome([space(1, 'b/t')], [space(1, 'b/u')])).toBe('complete')
  expect(outcome([], [space(1, 'b/t')])).toBe('complete')
})

test('nor what an ALTER TABLE writes into all the time', () => {
  const both = [space(1, 'b/t'), space(2, 'b/#sql-alter-5e3c-6')]
  expect(outcome(both, both, 'b/t.ibd')).toBe('complete')
})

test('an import is told by an old tablespace with a new table', () => {
  const highest = { table: 20, space: 10 }
  const spaces = [space(10, 'b/old', 20), space(9, 'b/imported', 21), space(11, 'b/new', 22)]
  expect(importedSince(spaces, highest)).toEqual(['b/imported'])
})
