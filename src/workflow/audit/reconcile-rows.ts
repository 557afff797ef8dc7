import { type Field, frame, unframe } from '#domain/audit/canonical'
import { type AuditEvent, type Layout, ROW_KINDS } from '#domain/audit/event'
import { type FindingList, finding } from '#domain/audit/finding'
import { columnsToRead, judgeRow, type LatestEvent } from '#domain/audit/reconcile'
import { Spill } from './spill.ts'
import type { TrailSource } from './trail-source.ts'

/** Shares of the keys that are judged one after the other. */
const BUCKETS = 64

/**
 * Compares every live row with its newest event. Events and rows are given as they come, and
 * are judged at the end, by shares of the keys.
 */
export class Reconciler {
  readonly #source: TrailSource
  readonly #found: FindingList
  readonly #spill = new Spill(BUCKETS)
  readonly #layouts: ReadonlyMap<number, Layout>
  rows = 0

  constructor(source: TrailSource, found: FindingList) {
    this.#source = source
    this.#found = found
    this.#layouts = new Map(source.trail.layouts.map(layout => [layout.id, layout]))
  }

  addEvent(event: AuditEvent, batch: number | null): void {
    const layout = this.#layouts.get(event.layout)
    if (!layout || !ROW_KINDS.has(event.kind)) return
    if (event.oldKey) this.#addState(layout.table, event.oldKey, event, true, batch)
    this.#addState(layout.table, event.key, event, event.kind === 'D', batch)
  }

  #addState(
    table: string,
    key: Buffer,
    { id, at, layout, after, salt }: AuditEvent,
    gone: boolean,
    batch: number | null,
  ): void {
    const texts = [
      String(id),
      at,
      String(layout),
      gone ? '1' : '0',
      batch === null ? null : `${batch}`,
    ]
    const fields = texts.map(text => (text === null ? null : Buffer.from(text)))
    this.#spill.add(keyOf(table, key), frame([Buffer.from('e'), ...fields, after, salt]))
  }

  /** Reads the rows of every audited table, then judges. */
  async judge(): Promise<void> {
    const audited = new Set(this.#source.trail.tables.map(({ table }) => table))
    const columns = new Map<string, { read: Layout['columns']; missing: ReadonlySet<string> }>()
    for (const table of audited) {
      const layouts = [...this.#layouts.values()].filter(layout => layout.table === table)
      const read = columnsToRead(layouts)
      const missing = await this.#source.missingColumns(table, read)
      columns.set(table, { read, missing })
      const newest = layouts.at(-1)
      if (!newest || newest.key.some(name => missing.has(name))) continue
      const key = newest.key.map(name => read.findIndex(column => column.name === name))
      for await (const row of this.#source.rows(table, read)) {
        this.rows += 1
        const keyFields = key.map(at => row[at] ?? null)
        this.#spill.add(keyOf(table, frame(keyFields)), frame([Buffer.from('r'), ...row]))
      }
    }
    for (const bucket of this.#spill.buckets()) this.#judgeBucket(bucket, columns)
  }

  close(): void {
    this.#spill.close()
  }

  #judgeBucket(
    bucket: Iterable<{ key: Buffer; record: Buffer }>,
    columns: ReadonlyMap<string, { read: Layout['columns']; missing: ReadonlySet<string> }>,
  ): void {
    const latest = new Map<string, LatestEvent>()
    const rows = new Map<string, Field[]>()
    for (const { key, record } of bucket) {
      const [kind, ...fields] = unframe(record)
      const name = key.toString('latin1')
      if (kind?.[0] === 0x65) latest.set(name, stateOf(fields))
      else rows.set(name, fields)
    }
    for (const name of new Set([...latest.keys(), ...rows.keys()])) {
      const [tableBytes, key] = unframe(Buffer.from(name, 'latin1'))
      const table = String(tableBytes)
      const event = latest.get(name) ?? null
      const row = rows.get(name)
      const judged = row && event ? this.#fieldsFor(event, row, columns.get(table)) : (row ?? null)
      const place = { table, key: Buffer.from(key ?? []) }
      const wrong = judgeRow(place, event, judged, this.#source.readAt)
      if (wrong) this.#found.add(wrong)
    }
  }

  /** The fields of the event's layout, in its order. */
  #fieldsFor(
    { layout }: LatestEvent,
    row: readonly Field[],
    columns: { read: Layout['columns']; missing: ReadonlySet<string> } | undefined,
  ): Field[] | 'unknown' {
    const wanted = this.#layouts.get(layout)?.columns ?? []
    if (!columns || wanted.some(({ name }) => columns.missing.has(name))) return 'unknown'
    return wanted.map(({ name, encoding }) => {
      const at = columns.read.findIndex(one => one.name === name && one.encoding === encoding)
      return row[at] ?? null
    })
  }
}

function keyOf(table: string, key: Buffer): Buffer {
  return frame([Buffer.from(table), key])
}

function stateOf(fields: readonly Field[]): LatestEvent {
  const [id, at, layout, gone, batch, after, salt] = fields
  return {
    id: Number(String(id)),
    at: String(at),
    layout: Number(String(layout)),
    gone: String(gone) === '1',
    batch: batch ? Number(String(batch)) : null,
    after: after ? Buffer.from(after) : null,
    salt: salt ? Buffer.from(salt) : null,
  }
}

/** Says that tables of the policy are not in the trail. */
export function unauditedTables(
  source: TrailSource,
  tables: readonly string[],
  found: FindingList,
): void {
  const audited = new Set(source.trail.tables.map(({ table }) => table))
  for (const table of tables.filter(name => !audited.has(name))) {
    const known = { table, to: source.readAt }
    found.add(finding('UNSEALED', `${table} is in the policy, and is not audited`, known))
  }
}
