import { EcomdbError } from '#core/errors'
import { frame, keyText } from './canonical.ts'
import type { AuditEvent, EventKind, Layout } from './event.ts'

/** What each kind of event is called where people read and ask. */
export const EVENT_OPERATIONS = {
  insert: 'I',
  update: 'U',
  delete: 'D',
  baseline: 'B',
  read: 'R',
  erase: 'X',
  operation: 'O',
  privilege: 'P',
  login: 'L',
} as const satisfies Record<string, EventKind>

export type EventOperation = keyof typeof EVENT_OPERATIONS

export const OPERATION_NAMES = Object.keys(EVENT_OPERATIONS) as EventOperation[]

/** @returns undefined for a kind that this ecomdb does not know */
export function operationOf(kind: EventKind): EventOperation | undefined {
  return OPERATION_NAMES.find(name => EVENT_OPERATIONS[name] === kind)
}

/** Which events a person wants to see; null: any. */
export interface EventFilter {
  table: string | null
  /** The primary key as people write it; the values of several columns with commas between. */
  row: string | null
  /** A person, an account's user, or USER@HOST. */
  actor: string | null
  operation: EventOperation | null
  /** UTC: 2014-03-19 10:00:00.000000; included. */
  since: string | null
  /** Not included. */
  until: string | null
  /** Of so many the newest are shown. */
  limit: number
}

/** A filter as the server's columns have it. */
export interface EventQuery {
  /** null: of any. */
  layouts: readonly number[] | null
  key: Buffer | null
  /** Users, or USER@HOST; null: anybody. */
  actors: readonly string[] | null
  kinds: readonly EventKind[] | null
  since: string | null
  until: string | null
  limit: number
}

/** sealed: what was signed; altered: not what was signed; foreign: among sealed ones, in no batch. */
export type EventSeal =
  | { state: 'sealed' | 'altered'; batch: number; sealedAt: string }
  | { state: 'not yet' | 'foreign'; batch: null; sealedAt: null }

/** Somebody changed the event, or put it there. */
export function isBadSeal({ state }: EventSeal): boolean {
  return state === 'altered' || state === 'foreign'
}

/** One event, for people. */
export interface ListedEvent {
  event: number
  /** UTC, to the microsecond. */
  at: string
  operation: EventOperation | string
  table: string | null
  row: string | null
  /** Where an update changed the primary key: what it was. */
  rowBefore: string | null
  /** USER() */
  account: string
  /** Whose account it is or was, as the access store says; null: nobody's. */
  person: string | null
  connection: string
  /** Salted SHA-256 of the row before and after, hexadecimal. */
  before: string | null
  after: string | null
  detail: unknown
  seal: EventSeal
}

export interface EventsReport {
  trailId: string
  database: string
  /** Oldest first. */
  events: readonly ListedEvent[]
  /** There are older ones that the filter lets through. */
  more: boolean
}

/**
 * @param layouts of the trail
 * @param users accounts of the person that the filter names
 * @throws EcomdbError USAGE when no such table was ever audited
 */
export function eventQuery(
  { table, row, actor, operation, since, until, limit }: EventFilter,
  layouts: readonly Layout[],
  users: readonly string[],
): EventQuery {
  const own = layouts.filter(layout => layout.table === table)
  if (table !== null && own.length === 0) throw unknownTable(table, layouts)
  return {
    layouts: table === null ? null : own.map(({ id }) => id),
    key: row === null ? null : keyOf(row, own.at(-1)?.key.length ?? 1),
    actors: actor === null ? null : [actor, ...users],
    kinds: operation === null ? null : [EVENT_OPERATIONS[operation]],
    ...{ since, until, limit },
  }
}

/** As keyText writes it. */
function keyOf(text: string, columns: number): Buffer {
  const parts = columns > 1 ? text.split(/, ?/) : [text]
  return frame(
    parts.map(part =>
      /^0x([0-9a-f]{2})+$/i.test(part) ? Buffer.from(part.slice(2), 'hex') : Buffer.from(part),
    ),
  )
}

function unknownTable(table: string, layouts: readonly Layout[]): EcomdbError {
  const known = [...new Set(layouts.map(layout => layout.table))].sort().join(', ')
  return new EcomdbError('USAGE', {
    what: `the trail has no table ${table}`,
    why: `it has ${known || 'none'}`,
    hints: ['leave --table out to see all of them'],
  })
}

export function listedEvent(
  event: AuditEvent,
  table: string,
  person: string | null,
  seal: EventSeal,
): ListedEvent {
  const hex = (bytes: Buffer | null): string | null => bytes?.toString('hex') ?? null
  return {
    event: event.id,
    at: event.at,
    operation: operationOf(event.kind) ?? event.kind,
    table: table || null,
    row: event.key.length > 0 ? safeKeyText(event.key) : null,
    rowBefore: event.oldKey && safeKeyText(event.oldKey),
    ...{ account: event.account, person, connection: event.connection },
    ...{ before: hex(event.before), after: hex(event.after) },
    detail: parsed(event.detail),
    seal,
  }
}

/** An event that was tampered with may hold anything. */
export function safeKeyText(key: Buffer): string {
  try {
    return keyText(key)
  } catch {
    return `0x${key.toString('hex')}`
  }
}

function parsed(detail: string | null): unknown {
  if (detail === null) return null
  try {
    return JSON.parse(detail) as unknown
  } catch {
    return detail
  }
}
