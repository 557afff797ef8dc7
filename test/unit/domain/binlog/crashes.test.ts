import { expect, test } from 'vitest'
import { Crashes, crashText, laxSettings } from '#domain/binlog/crashes'
import { EVENT, HEADER_BYTES } from '#domain/binlog/event'

function event(type: number, isOfStart = false): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + 60)
  bytes.writeUInt8(type, 4)
  bytes.writeUInt32LE(bytes.length, 9)
  bytes.writeUInt32LE(isOfStart ? 1 : 0, HEADER_BYTES + 52)
  return bytes
}

const STARTED = event(EVENT.format, true)
const files = (
  ...segments: [file: string, isBeginning: boolean, ...events: Buffer[]][]
): number => {
  const crashes = new Crashes('a.1')
  for (const [file, isBeginning, ...events] of segments) {
    crashes.look(file, Buffer.concat(events), isBeginning)
  }
  return crashes.files.length
}

test.each([
  ['in the middle of a file', 1, event(EVENT.xid)],
  ['stopped', 0, event(EVENT.stop)],
  ['went on to the next file', 0, event(EVENT.rotate)],
])('a server that was started when the file before had ended: %s', (_, count, last) => {
  expect(files(['a.1', false, event(EVENT.xid), last], ['a.2', true, STARTED])).toBe(count)
})

test('other beginnings', () => {
  // All of the file from the snapshot's place on is lost.
  expect(files(['a.2', true, STARTED])).toBe(1)
  expect(files(['a.1', true, STARTED, event(EVENT.xid)], ['a.1', false, event(EVENT.xid)])).toBe(0)
  expect(files(['a.1', false, event(EVENT.xid)], ['a.2', true, event(EVENT.format)])).toBe(0)
})

test('is told where the server might lose something by it', () => {
  expect(laxSettings({ sync_binlog: '0', innodb_flush_log_at_trx_commit: '2' })).toEqual([
    'sync_binlog = 0',
    'innodb_flush_log_at_trx_commit = 2',
  ])
  expect(crashText(['a.2'], { sync_binlog: '1' })).toBeNull()
  expect(crashText([], { sync_binlog: '0' })).toBeNull()
  expect(crashText(['a.2'], { sync_binlog: '0' })).toContain('sync_binlog = 0 (before a.2)')
})
