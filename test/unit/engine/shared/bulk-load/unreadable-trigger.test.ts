import { expect, test } from 'vitest'
import type { ProgramEntry } from '#domain/backup/manifest'
import {
  isUnreadable,
  unreadableTriggerNotes,
  withUnreadableLast,
} from '#engine/shared/bulk-load/unreadable-trigger'

interface Names {
  user?: string
  name?: string
  table?: string
}

function trigger(
  characterSetClient: string,
  { user = 'root', name = 'q', table = 't' }: Names,
  quote = '`',
): ProgramEntry {
  const quoted = (text: string): string => `${quote}${text}${quote}`
  return {
    ...({ kind: 'trigger', schema: 'd', name } as const),
    create: `CREATE DEFINER=${quoted(user)}@${quoted('localhost')} TRIGGER ${quoted(name)} BEFORE UPDATE ON ${quoted(table)} FOR EACH ROW SET @a = '表é'`,
    ...{ sqlMode: '', characterSetClient, collationConnection: '', timeZone: 'SYSTEM' },
  }
}

// As MySQL 9.7 reads them: 250 names by lot, and these.
test.each<[string, Names, boolean]>([
  ['gbk', { user: 'd表é' }, true],
  ['gbk', { name: 'q表' }, true],
  ['gbk', { table: 't表' }, true],
  ['gbk', { name: 'q表``y' }, true],
  ['gbk', { name: 'q表 x' }, false],
  ['gbk', { name: 'qé' }, false],
  ['gbk', {}, false],
  ['gb18030', { user: 'd表' }, true],
  ['gb18030', { user: 'd表x' }, false],
  ['big5', { table: 't中' }, true],
  ['cp932', { name: 'qё' }, true],
  ['sjis', { name: 'q能' }, false],
  ['gb2312', { name: 'q表' }, false],
  ['utf8mb4', { name: 'q表' }, false],
])('a trigger of a client in %s with the names %j', (set, names, isClosed) => {
  expect(isUnreadable(trigger(set, names))).toBe(isClosed)
  expect(isUnreadable(trigger(set, names, '"'))).toBe(false)
  // SHOW CREATE has the quotes of the session that asks; the server reads with the trigger's own.
  expect(isUnreadable({ ...trigger(set, names), sqlMode: 'ANSI_QUOTES,ANSI' })).toBe(false)
})

test('what the server cannot read is made last, and named', () => {
  const [closed, open] = [trigger('gbk', { name: 'q表' }), trigger('gbk', { name: 'é' })]
  const event = { ...closed, kind: 'event' } as const
  expect(withUnreadableLast([closed, open, event])).toEqual([open, event, closed])
  expect(unreadableTriggerNotes([closed, open, event])).toEqual([
    'trigger `d`.`q表` cannot be read by the server, here as on the source: its table takes no change until it is dropped',
  ])
})
