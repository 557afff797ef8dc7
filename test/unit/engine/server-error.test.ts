import { expect, test } from 'vitest'
import { meansFullDisk, translateServerError, translateStatementError } from '#engine/server-error'

test.each([
  // MySQL 9.7 and MariaDB 10.11, each started on data files on a disk that had no room.
  'InnoDB: Cannot set log file ./ib_logfile101 size to 512.000MiB',
  '[InnoDB] Cannot resize redo log file ./#innodb_redo/#ib_redo4_tmp to 32 MB (Failed to set size)',
  '[InnoDB] Plugin initialization aborted with error Out of disk space.',
  'Disk is full writing \'./shop/mi.MYD\' (Errcode: 28 "No space left on device")',
])('a server that complains of its disk: %s', text => {
  expect(meansFullDisk(text)).toBe(true)
})

test('a server that complains of something else', () => {
  expect(meansFullDisk('[InnoDB] Database page corruption on disk or a failed read')).toBe(false)
  expect(meansFullDisk("Table 'shop.fullness' doesn't exist (error 281)")).toBe(false)
})

test.each([
  [1038, 'Out of sort memory', 'sort_buffer_size'],
  [1040, 'Too many connections', 'max_connections'],
  [1197, 'Multi-statement transaction required more', 'max_binlog_cache_size'],
  [1602, 'Corrupted TRG file for table `second`.`closed`', 'DROP TRIGGER'],
  [1709, 'Index column size too large', 'innodb_default_row_format'],
  [3032, 'The server is currently in offline mode', 'offline_mode'],
  [3159, 'Connections using insecure transport are prohibited', 'tls: true'],
  [1026, "Error writing file '/tmp/MLfd=32' (OS errno 28 - No space left on device)", 'tmpdir'],
])('what helps against error %i is told', (errno, message, word) => {
  const error = Object.assign(new Error(message), { errno })
  const { hints, why } = translateServerError(error, 'the server refused')
  expect(why).toBe(message)
  expect(hints.join()).toContain(word)
})

test('a statement about accounts that has waited in vain: a CALL may have waited for a row', () => {
  const error = Object.assign(new Error('Lock wait timeout exceeded'), { errno: 1205 })
  const told = (sql: string) => translateStatementError(error, sql, 'the server refused')
  const called = told("CALL `shop`.`ecomdb_mint_session`('anna')")
  expect(called.code).toBe('LOCKED')
  expect(called.why).toMatch(/as a backup does, or another transaction holds the rows/)
  expect(called.hints.join()).toContain('SHOW ENGINE INNODB STATUS')
  const dropped = told("DROP USER 'anna'@'%'")
  expect([dropped.code, dropped.why]).toEqual(['LOCKED', expect.stringMatching(/a backup does$/)])
  expect(told('SELECT 1').why).toBe('Lock wait timeout exceeded')
})
