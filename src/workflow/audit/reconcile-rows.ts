import { canonicalRow, frame, unframe, valueEncoding } from '#domain/audit/canonical'
import { type AuditEvent, type Layout, rowStates } from '#domain/audit/event'
import { type FindingList, finding } from '#domain/audit/finding'
import { columnsToRead, judgeRow, type LatestEvent } from '#domain/audit/reconcile'
import { Spill, type SpilledRecord } from './spill.ts'
import type { TrailSource } from './trail-source.ts'

interface TableColumns {
  /** In the order of the rows' fields. */
  read: Layout['columns']
  missing: ReadonlySet<string>
  /** One layout, all of it there: the rows are kept as canonical bytes, else as frames. */
  single: boolean
}

/** Shares of the keys that are judged one after the other. */
const BUCKETS = 256

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
    if (!layout) return
    for (const { key, gone } of rowStates(event)) {
      this.#addState(layout.table, key, event, gone, batch)
    }
  }

  #addState(
    table: string,
    key: Buffer,
    { id, at, layout, after, salt }: AuditEvent,
    gone: boolean,
    batch: number | null,
  ): void {
    const state = [id, at, layout, gone ? 'gone' : '', batch ?? ''].join('\t')
    this.#spill.add(keyOf(table, key), EVENT, frame([Buffer.from(state, 'latin1'), after, salt]))
  }

  /** Reads the rows of every audited table, then judges. */
  async judge(): Promise<void> {
    const audited = new Set(this.#source.trail.tables.map(({ table }) => table))
    const columns = new Map<string, TableColumns>()
    for (const table of audited) {
      const layouts = [...this.#layouts.values()].filter(layout => layout.table === table)
      const read = columnsToRead(layouts)
      const missing = await this.#source.missingColumns(table, read)
      const single = layouts.length === 1 && missing.size === 0
      columns.set(table, { read, missing, single })
      const newest = layouts.at(-1)
      if (!newest || newest.key.some(name => missing.has(name))) continue
      const key = newest.key.map(name => read.findIndex(column => column.name === name))
      for await (const row of this.#source.rows(table, read)) {
        this.rows += 1
        const keyFields = key.map(at => row[at] ?? null)
        const bytes = single ? canonicalRow(row, read) : frame(row)
        this.#spill.add(keyOf(table, frame(keyFields)), ROW, bytes)
      }
    }
    for (const bucket of this.#spill.buckets()) this.#judgeBucket(bucket, columns)
  }

  close(): void {
    this.#spill.close()
  }

  #judgeBucket(bucket: Iterable<SpilledRecord>, columns: ReadonlyMap<string, TableColumns>): void {
    const latest = new Map<string, Buffer>()
    const rows = new Map<string, Buffer>()
    for (const { key, record } of bucket) {
      const found = record[0] === EVENT[0] ? latest : rows
      found.set(key.toString('latin1'), record.subarray(1))
    }
    for (const [name, state] of latest) {
      const row = rows.get(name)
      rows.delete(name)
      this.#judge(name, stateOf(state), row ?? null, columns)
    }
    for (const [name, row] of rows) this.#judge(name, null, row, columns)
  }

  #judge(
    name: string,
    event: LatestEvent | null,
    row: Buffer | null,
    columns: ReadonlyMap<string, TableColumns>,
  ): void {
    const place = () => {
      const [table, key] = unframe(Buffer.from(name, 'latin1'))
      return { table: String(table), key: Buffer.from(key ?? []) }
    }
    const now = row && event && !event.gone ? this.#canonicalFor(event, row, columns, place) : row
    const wrong = judgeRow(place, event, now, this.#source.readAt)
    if (wrong) this.#found.add(wrong)
  }

  /** The row's canonical bytes by the event's layout. */
  #canonicalFor(
    { layout }: LatestEvent,
    row: Buffer,
    all: ReadonlyMap<string, TableColumns>,
    place: () => { table: string },
  ): Buffer | 'unknown' {
    const known = this.#layouts.get(layout)
    const columns = all.get(known?.table ?? place().table)
    const wanted = known?.columns ?? []
    if (!columns || wanted.some(({ name }) => columns.missing.has(name))) return 'unknown'
    if (columns.single) return row
    const fields = unframe(row)
    const places = wanted.map(({ name, encoding }) =>
      columns.read.findIndex(
        one => one.name === name && valueEncoding(one.encoding) === valueEncoding(encoding),
      ),
    )
    return canonicalRow(
      places.map(at => fields[at] ?? null),
      wanted,
    )
  }
}

/** What a record begins with. */
const EVENT = Buffer.from('e')
const ROW = Buffer.from('r')

function keyOf(table: string, key: Buffer): Buffer {
  return frame([Buffer.from(table), key])
}

function stateOf(record: Buffer): LatestEvent {
  const [state, after = null, salt = null] = unframe(record)
  const [id, at = '', layout, gone, batch] = Buffer.from(state ?? [])
    .toString('latin1')
    .split('\t')
  return {
    ...{ id: Number(id), at, layout: Number(layout), gone: gone === 'gone' },
    batch: batch ? Number(batch) : null,
    after: after && Buffer.from(after),
    salt: salt && Buffer.from(salt),
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
