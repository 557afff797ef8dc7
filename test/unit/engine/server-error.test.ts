import { expect, test } from 'vitest'
import { meansFullDisk } from '#engine/server-error'

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
