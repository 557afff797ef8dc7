import { expect, test } from 'vitest'
import { TablesOfCopy } from '#engine/mariadb/tables-of-copy'
import type { FilePart } from '#engine/physical-backup'

const bytes = (engine: number) => Buffer.from([0xfe, 0x01, 0x0a, engine, 0, 0])
const block = (path: string, content: Buffer, offset = 0): FilePart => ({
  ...{ kind: 'block', path, offset, bytes: content },
  release: () => {},
})

function outcome(parts: readonly FilePart[], ...paths: string[]): string {
  const tables = new TablesOfCopy()
  for (const part of parts) tables.see(part)
  try {
    tables.requireFiles(new Set(paths))
    return 'complete'
  } catch (error) {
    return JSON.stringify(error)
  }
}

test('what a definition is of has its files', () => {
  const parts = [
    block('b/a.frm', bytes(42)),
    block('b/m.frm', bytes(9)),
    block('b/i.frm', bytes(12)),
  ]
  const paths = ['b/a.MAI', 'b/a.MAD', 'b/m.MYI', 'b/m.MYD']
  expect(outcome(parts, ...paths)).toBe('complete')
  expect(outcome(parts, ...paths.slice(1))).toMatch(/NOT_CONSISTENT.*b\/a\.MAI:/)
  expect(outcome(parts, ...paths.slice(0, 3))).toMatch(/b\/m\.MYD:/)
})

test('the last definition counts, none of a table that is gone, and no other bytes', () => {
  expect(outcome([block('b/a.frm', bytes(42)), block('b/a.frm', bytes(12))])).toBe('complete')
  expect(outcome([block('b/a.frm', bytes(42)), { kind: 'gone', path: 'b/a.frm' }])).toBe('complete')
  expect(outcome([block('b/v.frm', Buffer.from('TYPE=VIEW'))])).toBe('complete')
  expect(outcome([block('b/a.frm', bytes(12)), block('b/a.frm', bytes(42), 1 << 20)])).toBe(
    'complete',
  )
  expect(outcome([block('b/a.MAI', bytes(42))])).toBe('complete')
})
