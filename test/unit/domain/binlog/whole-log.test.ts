import { expect, test } from 'vitest'
import { whyNotWhole } from '#domain/binlog/whole-log'

test.each([
  ['', '', 'ROW', null],
  ['', '', 'MIXED', null],
  ['', '', '', null],
  ['shop', '', 'ROW', /holds shop only/],
  ['', 'logs,tmp', 'ROW', /leaves out logs,tmp/],
  ['', '', 'statement', /STATEMENT/],
])('do %j, ignore %j, format %j', (only, without, format, why) => {
  const found = whyNotWhole({ only, without, format, unlogged: false })
  if (why === null) expect(found).toBeNull()
  else expect(found).toMatch(why)
})

test('a replica that does not log what it gets', () => {
  const found = whyNotWhole({ only: '', without: '', format: 'ROW', unlogged: true })
  expect(found).toMatch(/log_slave_updates/)
})
