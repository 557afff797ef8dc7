import type { EventsReport, ListedEvent } from '#domain/audit/listed-event'
import { alignColumns } from './align-columns.ts'

/** `ecomdb audit events` for people: a line for each, oldest first. */
export function eventsText({ events, more }: EventsReport): string {
  const rows = events.map(one => [
    String(one.event),
    one.at.slice(0, 19),
    actorText(one),
    one.operation,
    whereText(one),
    sealWord(one),
    detailText(one),
  ])
  const sides = ['right', 'left', 'left', 'left', 'left', 'left', 'left'] as const
  return [
    ...(more ? ['(older ones are left out: --limit)'] : []),
    events.length > 0 ? printable(alignColumns(rows, sides)) : 'no event is as the filters want it',
  ].join('\n')
}

/** "alice (s_1a2b@10.0.0.7)", or the account alone. */
export function actorText({ person, account }: Pick<ListedEvent, 'person' | 'account'>): string {
  return person === null ? account : `${person} (${account})`
}

/** "chat_messages 17", "chat_messages 18, before 17". */
function whereText({ table, row, rowBefore }: ListedEvent): string {
  const before = rowBefore === null ? '' : `, before ${rowBefore}`
  return `${[table, row].filter(part => part !== null).join(' ')}${before}`
}

/** Whether the event is in a signed batch, and is still what was signed. */
export function sealWord({ seal }: Pick<ListedEvent, 'seal'>): string {
  switch (seal.state) {
    case 'sealed':
      return `sealed in ${seal.batch}`
    case 'altered':
      return `NOT WHAT BATCH ${seal.batch} SEALED`
    case 'foreign':
      return 'IN NO BATCH'
    case 'not yet':
      return 'not sealed yet'
  }
}

/** The values of an event's detail, after each other. */
export function detailText({ detail }: Pick<ListedEvent, 'detail'>): string {
  if (detail === null || typeof detail !== 'object') return detail === null ? '' : String(detail)
  return Object.entries(detail)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('; ')
}

/** A reason, and a name of a table, may hold anything; a terminal would obey some of it. */
function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n]/gu, '\ufffd')
}
