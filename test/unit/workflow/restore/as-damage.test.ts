import { expect, test } from 'vitest'
import { EcomdbError, type ErrorCode } from '#core/errors'
import { asDamage } from '#workflow/restore/prove-files'

const failed = (code: ErrorCode, why: string): EcomdbError =>
  new EcomdbError(code, { what: 'the private server in /r did not start', why, hints: [] })

// The words of 10.11, with files that belong to another account.
const OF_HOST = [
  "[ERROR] InnoDB: The data file './ibdata1' must be writable",
  '[ERROR] InnoDB: Operating system error number 13 in a file operation.',
  "[ERROR] mariadbd: Can't open './aria_log_control' (Errcode: 13 \"Permission denied\")",
  'it made no socket, and did nothing for 180 seconds',
  'it ended without a word: exit status 1',
]
const OF_FILES = [
  failed('TOOL_FAILED', '[ERROR] [MY-013183] [InnoDB] Assertion failure: page0page.cc:131'),
  failed('TOOL_FAILED', '[ERROR] InnoDB: Database page corruption of ibdata1, page 13'),
  failed('SERVER_LOST', 'Connection lost'),
  failed('SERVER_REFUSED', "Table 'orders' is marked as crashed (errno: 145)"),
]

test('what a server says of this host is not called damage of the files', () => {
  for (const why of OF_HOST) {
    const error = failed('TOOL_FAILED', why)
    expect(asDamage(error), why).toBe(error)
  }
  for (const error of OF_FILES) {
    expect(asDamage(error), error.why).toMatchObject({ code: 'CONTENT_MISMATCH', cause: error })
  }
})
