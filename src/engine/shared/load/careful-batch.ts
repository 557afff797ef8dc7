import type { FilePlan } from '#domain/load/match-header'
import { rowAsCsv } from '#domain/load/reject'
import { type LoadRow, type RowBatch, readRows } from '#domain/load/row-batch'
import type { BatchOutcome, BatchReject, OnConflict } from '../../loader.ts'
import type { LoadConnection, PrintedRow } from './load-connection.ts'
import {
  existingRows,
  insertHead,
  referencedValues,
  statementParts,
  tuple,
  updateRow,
} from './load-statements.ts'
import { isRowError, rowErrorReason } from './row-error.ts'

/** Rows that are looked at together. */
const GROUP_ROWS = 1000
/** What is known of a key: the values that are there, or a row of this group that waits. */
interface Known {
  values: PrintedRow
  waiting: boolean
}

export interface CarefulOptions {
  onConflict: OnConflict
  /** The server's max_allowed_packet. */
  packetBytes: number
  /** Compare only; nothing is inserted or updated. */
  dryRun: boolean
}

/**
 * The way for batches that LOAD DATA cannot take as a whole: rows that are there already
 * are told from new ones by their keys and compared, the rest is inserted, and where the
 * server refuses, halves are tried until the row that is to blame is alone.
 *
 * Runs inside the caller's transaction.
 */
export class CarefulBatch {
  readonly #connection: LoadConnection
  readonly #plan: FilePlan
  readonly #options: CarefulOptions
  readonly #rejects: BatchReject[] = []
  readonly #counts = { loaded: 0, present: 0, kept: 0, replaced: 0, rejected: 0 }
  #known = new Map<string, Known>()
  #waiting: LoadRow[] = []

  constructor(connection: LoadConnection, plan: FilePlan, options: CarefulOptions) {
    this.#connection = connection
    this.#plan = plan
    this.#options = options
  }

  async run(batch: RowBatch): Promise<BatchOutcome> {
    for (let from = 0; from < batch.rows; from += GROUP_ROWS) {
      await this.#group(readRows(batch, from, Math.min(batch.rows, from + GROUP_ROWS)))
    }
    return { ...this.#counts, rejects: this.#rejects }
  }

  async #group(rows: readonly LoadRow[]): Promise<void> {
    const known = await this.#lookUp(rows)
    this.#known = new Map(
      known.map(values => [this.#key(values), { values, waiting: false }] as const),
    )
    // In a dry run the rows that these refer to may come with a file before this one.
    const missing = this.#options.dryRun ? [] : await this.#missingReferences(rows)
    for (const [place, row] of rows.entries()) await this.#row(row, missing[place] ?? null)
    await this.#insertWaiting()
  }

  /**
   * The rows that are there with these keys. MySQL refuses to compare with text that the
   * column's character set cannot hold; such a key is not there, and INSERT says why.
   */
  async #lookUp(rows: readonly LoadRow[]): Promise<PrintedRow[]> {
    try {
      return await this.#connection.rows(existingRows(this.#plan, rows))
    } catch (error) {
      if (!isRowError(error)) throw error
      if (rows.length === 1) return []
      const middle = rows.length >> 1
      const first = await this.#lookUp(rows.slice(0, middle))
      return [...first, ...(await this.#lookUp(rows.slice(middle)))]
    }
  }

  async #row(row: LoadRow, missing: string | null): Promise<void> {
    const key = this.#key(row.values)
    let known = this.#known.get(key)
    if (known?.waiting) {
      // The row before with this key may be refused yet, so it goes first.
      await this.#insertWaiting()
      known = this.#known.get(key)
    }
    if (known) await this.#collide(row, known)
    else if (missing !== null) this.#reject(row, missing)
    else {
      this.#known.set(key, { values: row.values, waiting: true })
      this.#waiting.push(row)
    }
  }

  /** A row whose key is there: the same row, or another. */
  async #collide(row: LoadRow, known: Known): Promise<void> {
    if (this.#same(row.values, known.values)) {
      this.#counts.present += 1
      return
    }
    const differing = this.#plan.columns
      .filter((_, place) => !this.#equal(place, row.values, known.values))
      .map(column => column.name)
    const reason = `another row has this ${this.#plan.table.primaryKey.join(', ')}; they differ in ${differing.join(', ')}`
    const { onConflict } = this.#options
    if (onConflict === 'reject') this.#reject(row, reason, known.values)
    else if (onConflict === 'keep') {
      this.#counts.kept += 1
      this.#report('kept', row, reason, known.values)
    } else await this.#replace(row, known, reason)
  }

  async #replace(row: LoadRow, known: Known, reason: string): Promise<void> {
    const refused = await this.#attempt(updateRow(this.#plan, row))
    if (refused !== null) {
      this.#reject(row, refused, known.values)
      return
    }
    this.#counts.replaced += 1
    this.#report('replaced', row, reason, known.values)
    known.values = row.values
  }

  async #insertWaiting(): Promise<void> {
    const rows = this.#waiting
    this.#waiting = []
    for (const part of statementParts(rows, this.#options.packetBytes)) await this.#insert(part)
  }

  /** Inserts rows; where one is refused, the halves are tried, down to the row itself. */
  async #insert(rows: readonly LoadRow[]): Promise<void> {
    const [first] = rows
    if (!first) return
    const values = rows.map(row => tuple(row.values)).join(',')
    const refused = await this.#attempt(insertHead(this.#plan) + values)
    if (refused === null) {
      this.#counts.loaded += rows.length
      for (const row of rows) this.#settle(row)
    } else if (rows.length === 1) {
      this.#known.delete(this.#key(first.values))
      this.#reject(first, refused)
    } else {
      const middle = rows.length >> 1
      await this.#insert(rows.slice(0, middle))
      await this.#insert(rows.slice(middle))
    }
  }

  #settle(row: LoadRow): void {
    const known = this.#known.get(this.#key(row.values))
    if (known) known.waiting = false
  }

  /** @returns the reason when a row is refused, null when the statement went through */
  async #attempt(sql: string): Promise<string | null> {
    if (this.#options.dryRun) return null
    // A packet that is too large would end the connection; bytes are at most 3 a character.
    if (sql.length * 3 > this.#options.packetBytes) {
      const size = Buffer.byteLength(sql)
      if (size + 1024 > this.#options.packetBytes) {
        return `with ${size} bytes it is larger than the server's max_allowed_packet of ${this.#options.packetBytes}`
      }
    }
    try {
      await this.#connection.run(sql)
      return null
    } catch (error) {
      if (isRowError(error)) return rowErrorReason(error)
      throw error
    }
  }

  /** Per row, which foreign key names nothing; null when all hold. */
  async #missingReferences(rows: readonly LoadRow[]): Promise<(string | null)[]> {
    const reasons: (string | null)[] = rows.map(() => null)
    for (const { column, table, referencedColumn } of this.#plan.table.references) {
      const place = this.#plan.columns.findIndex(({ name }) => name === column)
      // Whether two texts are the same key is the collation's to say, and so INSERT's.
      if (!this.#isInteger(column)) continue
      const values = new Set(rows.map(row => row.values[place]).filter(value => value != null))
      if (place < 0 || values.size === 0) continue
      const found = await this.#connection.rows(
        referencedValues(table, referencedColumn, [...values]),
      )
      const there = new Set(found.map(([value]) => value))
      for (const [at, row] of rows.entries()) {
        const value = row.values[place]
        if (value == null || there.has(value)) continue
        reasons[at] ??= `${column} ${value} is not in ${table}`
      }
    }
    return reasons
  }

  #isInteger(name: string): boolean {
    const shape = this.#plan.table.columns.find(column => column.name === name)
    return shape?.kind.type === 'integer'
  }

  #key(values: PrintedRow): string {
    return JSON.stringify(this.#plan.key.map(place => this.#canonical(place, values)))
  }

  #same(one: PrintedRow, other: PrintedRow): boolean {
    return one.every((_, place) => this.#equal(place, one, other))
  }

  #equal(place: number, one: PrintedRow, other: PrintedRow): boolean {
    return (
      one[place] === other[place] || this.#canonical(place, one) === this.#canonical(place, other)
    )
  }

  /** As the file's values are printed; the server pads some (ZEROFILL). */
  #canonical(place: number, values: PrintedRow): string | null {
    const value = values[place] ?? null
    const column = this.#plan.columns[place]
    if (value === null || !column || !/^[-+0]/.test(value)) return value
    const checked = column.check(Buffer.from(value).toString('latin1'))
    return typeof checked === 'string' ? Buffer.from(checked, 'latin1').toString() : value
  }

  #reject(row: LoadRow, reason: string, existing?: PrintedRow): void {
    this.#counts.rejected += 1
    this.#report('rejected', row, reason, existing)
  }

  #report(
    action: BatchReject['action'],
    row: LoadRow,
    reason: string,
    existing?: PrintedRow,
  ): void {
    this.#rejects.push({
      line: row.line,
      action,
      reason,
      row: rowAsCsv(row.values),
      existing: existing ? rowAsCsv(existing) : '',
    })
  }
}
