import { expect, test } from 'vitest'
import { EcomdbError } from '#core/errors'
import { toolError } from '#engine/shared/binlog/tool-error'

test('transactions of another gtid_mode, which MySQL does not hand out: how they are had', () => {
  const error = new EcomdbError('TOOL_FAILED', { what: 'mysqlbinlog failed' })
  // As 9.7 says it.
  const text =
    "ERROR: Got error reading packet from server: Cannot replicate anonymous transaction when @@GLOBAL.GTID_MODE = ON, at file ./binlog.000001, position 158.; the first event 'binlog.000001' at 4"
  expect(toolError(error, text, 'cannot read')).toMatchObject({
    code: 'SERVER_REFUSED',
    hints: [expect.stringContaining('ON_PERMISSIVE'), expect.stringContaining('PURGE')],
  })
})
