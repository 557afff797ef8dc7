import { expect, test } from 'vitest'
import { isLegitimate } from '#domain/audit/audit-policy'
import { compareControls } from '#domain/audit/compare-controls'
import { type AuditEvent, controlLeaf, eventLeaf } from '#domain/audit/event'

const chat = { user: 'chat', host: '10.0.%', tables: ['m'], operations: ['insert'] as const }

test('a writer is known by user, host, table and operation', () => {
  const by = (account: string, kind: AuditEvent['kind'], table = 'm'): boolean =>
    isLegitimate({ account, kind }, table, [chat])
  expect(by('chat@10.0.0.7', 'I')).toBe(true)
  expect(by('chat@10.1.0.7', 'I')).toBe(false)
  expect(by('chat@10.0.0.7', 'U')).toBe(false)
  expect(by('chat@10.0.0.7', 'I', 'other')).toBe(false)
  expect(by('root@localhost', 'I')).toBe(false)
  expect(by('root@localhost', 'R')).toBe(true)
})

test('what changed beside the rows is named', () => {
  const known = { from: 'a', to: 'b', batch: 2 }
  const before = [
    { name: 'trigger m/t', value: 'x' },
    { name: 'setting binlog_format', value: 'ROW' },
    { name: 'position', value: '1' },
  ]
  const after = [
    { name: 'setting binlog_format', value: 'STATEMENT' },
    { name: 'position', value: '2' },
    { name: 'grant root@localhost', value: 'UPDATE' },
    { name: 'layout 2', value: '{}' },
  ]
  expect(compareControls(before, after, known).map(one => [one.kind, one.detail])).toEqual([
    ['GRANT CHANGED', 'grant root@localhost: new: UPDATE'],
    ['SETTING CHANGED', 'setting binlog_format: was ROW, is STATEMENT'],
    ['TRIGGER CHANGED', 'trigger m/t: gone; it was x'],
  ])
  expect(compareControls(before, before, known)).toEqual([])
})

test('the leaf of an event has all of it but the salt', () => {
  const event: AuditEvent = {
    ...{
      id: 7,
      at: '2014-03-19 10:00:00.000001',
      kind: 'U',
      layout: 1,
      key: Buffer.from('2:17'),
      oldKey: null,
    },
    ...{
      account: 'chat@h',
      connection: '5',
      before: Buffer.alloc(2, 1),
      after: Buffer.alloc(2, 2),
    },
    ...{ salt: Buffer.alloc(16, 3), detail: null },
  }
  expect(eventLeaf(event, 'm').toString()).toBe(
    '5:event1:726:2014-03-19 10:00:00.0000011:U1:m1:18:323a3137~6:chat@h1:54:01014:0202~',
  )
  expect(controlLeaf({ name: 'n', value: 'v' }).toString()).toBe('7:control1:n1:v')
})
