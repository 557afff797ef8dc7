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
  const found = whyNotWhole({ only, without, format })
  if (why === null) expect(found).toBeNull()
  else expect(found).toMatch(why)
})
