import { type ColumnEncoding, frameText } from './canonical.ts'

/**
 * I, U, D: a row was inserted, updated, deleted; B: it was there when the audit began; R: it
 * was read through a procedure; X: a person was erased; O: an operation of ecomdb; P: the rights
 * of an account changed; L: logins were refused. The sealer sees and writes the last two.
 */
export type EventKind = 'I' | 'U' | 'D' | 'B' | 'R' | 'X' | 'O' | 'P' | 'L'

/** Events that say what a row holds from then on; O is the insertion of a row of OPERATION_TABLE. */
export const ROW_KINDS: ReadonlySet<EventKind> = new Set(['I', 'U', 'D', 'B', 'O'])

/**
 * What the trail calls ecomdb's own record of what it did, a table of the access store: it is
 * audited wherever the tables of the policy are, and nobody may change or remove a row of it.
 */
export const OPERATION_TABLE = 'ecomdb.operation'

/** One row of ecomdb_audit.event. */
export interface AuditEvent {
  id: number
  /** UTC: 2014-03-19 10:00:00.123456. The time of the statement. */
  at: string
  kind: EventKind
  /** Which columns of which table, in which order; 0 where there are none. */
  layout: number
  /** The frame of the primary key. */
  key: Buffer
  /** The key before an update that changed it; else null. */
  oldKey: Buffer | null
  /** USER(): who was logged in, and from where. */
  account: string
  connection: string
  before: Buffer | null
  after: Buffer | null
  /** Not part of the leaf: an erasure destroys it. */
  salt: Buffer | null
  /** JSON; of R, X and O. */
  detail: string | null
}

/** What an event says of rows: of the one with its key, and of the key that the row had before. */
export function rowStates({
  kind,
  key,
  oldKey,
}: Pick<AuditEvent, 'kind' | 'key' | 'oldKey'>): { key: Buffer; gone: boolean }[] {
  if (!ROW_KINDS.has(kind)) return []
  const now = { key, gone: kind === 'D' }
  return oldKey ? [{ key: oldKey, gone: true }, now] : [now]
}

/** The columns of a table that an event's row was made of. Never changed, only added. */
export interface Layout {
  id: number
  table: string
  /** Names, in the order of the frame. */
  columns: readonly LayoutColumn[]
  /** Names of the primary key's columns, in its order. */
  key: readonly string[]
}

export interface LayoutColumn {
  name: string
  /** How its value becomes bytes: see docs/audit-format.md. */
  encoding: ColumnEncoding
}

/** What is sealed; its bytes are UTF-8. */
export function eventLeaf(event: AuditEvent, table: string): string {
  const hex = (bytes: Buffer | null): string | null => bytes?.toString('hex') ?? null
  return frameText([
    'event',
    String(event.id),
    event.at,
    event.kind,
    table,
    String(event.layout),
    event.key.toString('hex'),
    hex(event.oldKey),
    event.account,
    event.connection,
    hex(event.before),
    hex(event.after),
    event.detail,
  ])
}

/** What must not change unseen beside the rows: a name, and its value or the value's SHA-256. */
export interface Control {
  name: string
  value: string
}

export function controlLeaf({ name, value }: Control): string {
  return frameText(['control', name, value])
}
