import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { importedSince, requireComplete, type Tablespace } from '#engine/mariadb/tablespaces'
import { makeFolder } from '#test/temporary'

const space = (number: number, name: string, table = number): Tablespace => ({
  ...{ space: number, table, name },
  ...{ file: `./${name}.ibd`, pageBytes: 16384 },
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

describe('an import is told by', () => {
  let folder: string

  beforeAll(async () => {
    folder = await makeFolder()
    await mkdir(join(folder, 'b'))
  })

  afterAll(async () => {
    await rm(folder, { recursive: true })
  })

  test('an old tablespace with a new table, or with a file that it had not', async () => {
    const spaces = [space(10, 'b/old', 20), space(9, 'b/imported', 21), space(8, 'b/found', 7)]
    const highest = { table: 20, space: 10 }
    expect(await importedSince(spaces, highest, folder)).toEqual(['b/imported'])
    const names = await importedSince(spaces, { ...highest, without: [8] }, folder)
    expect(names).toEqual(['b/found', 'b/imported'])
  })

  test('a new one that has pages without a log sequence number', async () => {
    const page = (type: number, lsn: bigint): Buffer => {
      const bytes = Buffer.alloc(16384)
      bytes.writeUInt16BE(type, 24)
      bytes.writeBigUInt64BE(lsn, 16)
      return bytes
    }
    // The first page of a new file, and what was never written to, are none.
    const made = [page(8, 0n), ...Array.from({ length: 99 }, () => page(17855, 7n)), page(0, 0n)]
    await writeFile(join(folder, 'b/made.ibd'), Buffer.concat(made))
    await writeFile(join(folder, 'b/moved.ibd'), Buffer.concat([...made, page(17855, 0n)]))
    const spaces = ['b/made', 'b/moved', 'b/gone', 'b/#sql-1'].map(name => space(11, name))
    expect(await importedSince(spaces, { table: 20, space: 10 }, folder)).toEqual(['b/moved'])
  })
})
