import { expect, test } from 'vitest'
import { alignColumns } from '#report/align-columns'

const ROWS = [
  ['ok', 'RTO', 'two words'],
  ['LOOK', 'binary log', 'not archived: restores lead to snapshots only, /a/path/without/a/space'],
]

test('columns stand below each other, and nothing is broken in a file', () => {
  expect(alignColumns(ROWS, ['left', 'left', 'left'])).toBe(
    [`ok    RTO         two words`, `LOOK  binary log  ${ROWS[1]?.[2]}`].join('\n'),
  )
  expect(
    alignColumns(
      [
        ['a', '1'],
        ['bb', '22'],
      ],
      ['left', 'right'],
      3,
    ),
  ).toBe('a    1\nbb  22')
})

test('on a narrow terminal the last column goes on below itself, with its words whole', () => {
  expect(alignColumns(ROWS, ['left', 'left', 'left'], 45)).toBe(
    [
      'ok    RTO         two words',
      'LOOK  binary log  not archived: restores lead',
      '                  to snapshots only,',
      '                  /a/path/without/a/space',
    ].join('\n'),
  )
  // Too narrow for any column of words.
  expect(alignColumns(ROWS, ['left', 'left', 'left'], 30).split('\n')).toHaveLength(2)
})
