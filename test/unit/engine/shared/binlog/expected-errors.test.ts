import { expect, test } from 'vitest'
import { ExpectedErrors } from '#engine/shared/binlog/expected-errors'

/** As MariaDB's client writes it, with --force. */
const complaint = (error: number): string =>
  `--------------\nINSERT INTO t VALUES (1)\n--------------\n\nERROR ${error} (23000) at line 36: Duplicate entry '1'\n`

test.each([
  ['none', [], [], true, []],
  ['as on the source', [1062, 1396], [1062, 1396], true, []],
  ['by another number of the same', [1586], [1062], true, []],
  ['one that did not come', [1317, 1062, 1213], [1062], true, [1317, 1213]],
  ['another one', [1062], [1146], false, [1062]],
  ['one too many', [1062], [1062, 1062], false, []],
  ['in another order', [1062, 1396], [1396, 1062], false, [1062]],
])('%s', (_name, expected, came, asExpected, missed) => {
  const errors = new ExpectedErrors(expected)
  const text = came.map(complaint).join('')
  errors.read(text.slice(0, 50))
  expect(errors.read(text.slice(50))).toBe(asExpected)
  expect(errors.unexpected === null).toBe(asExpected)
  expect(errors.missed).toEqual(missed)
})

test('one that is possible may come, at any place, and no oftener', () => {
  const possible = new Map([[1402, 2]])
  const errors = new ExpectedErrors([1062], possible)
  expect([errors.isAny, new ExpectedErrors([]).isAny]).toEqual([true, false])
  expect(errors.read([1402, 1062, 1402].map(complaint).join(''))).toBe(true)
  expect(errors.missed).toEqual([])
  expect(errors.read(complaint(1402))).toBe(false)
  expect(possible.get(1402)).toBe(2)
})
