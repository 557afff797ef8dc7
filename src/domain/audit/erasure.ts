import type { Control } from './event.ts'

/** An erasure in the ledger, which is signed and lies beside the anchors. It names nobody. */
export interface ErasureEntry {
  format: 1
  /** UUID. */
  erasureId: string
  trail: string
  /** The row that stands for the person: its table, and its key as text. */
  table: string
  key: string
  /** ISO 8601, UTC. */
  erasedAt: string
  /** A ticket. */
  reason: string
  tool: string
}

/** What carrying an erasure out did to one database; sealed as a control leaf. */
export interface ErasureRecord {
  erasureId: string
  /** SHA-256 of the ledger's file, hexadecimal. */
  sha256: string
  /** Ids of the events that it made: "1001-1013". */
  events: string
  /** Ids of the events whose salts it destroyed. */
  salts: string
}

/**
 * An ErasureRecord that was signed in the erasure's own transaction: whoever seals next says it
 * with a checkpoint, also when the erasure was cut short before.
 */
export interface SignedErasure {
  format: 1
  trail: string
  record: ErasureRecord
  /** Over the leaves of the events of the record (RFC 6962), hexadecimal: no other events are meant. */
  root: string
}

/** What `ecomdb audit erase` did, or would do. */
export interface ErasureReport {
  trailId: string
  /** Of the person; null: what the ledger has was repeated. */
  table: string | null
  key: string | null
  /** Of the database, that were or would be emptied. */
  rows: readonly { table: string; rows: number }[]
  done: boolean
  /** UUIDs: what was done, or would be repeated. */
  erasures: readonly string[]
  /** The checkpoint that says so; null: nothing was done. */
  batch: number | null
  warnings: readonly string[]
}

const PREFIX = 'erasure '

/** Said in one batch only, so that it is no change when the next one lacks it. */
export function isErasure({ name }: Pick<Control, 'name'>): boolean {
  return name.startsWith(PREFIX)
}

export function erasureControl({ erasureId, ...rest }: ErasureRecord): Control {
  return { name: PREFIX + erasureId, value: JSON.stringify(rest) }
}

/** Those that a checkpoint says were carried out. */
export function erasuresOf(controls: readonly Control[]): ErasureRecord[] {
  return controls.filter(isErasure).map(({ name, value }) => {
    const rest = JSON.parse(value) as Omit<ErasureRecord, 'erasureId'>
    return { erasureId: name.slice(PREFIX.length), ...rest }
  })
}
