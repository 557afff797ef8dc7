import { type Connection, createConnection } from 'mysql2'
import type { Field } from '#domain/audit/canonical'
import type { AuditEvent, EventKind, LayoutColumn } from '#domain/audit/event'
import type { IdRange } from '#domain/audit/id-ranges'
import type { KeptEvents } from '#domain/audit/kept-events'
import type { AuditReader, LeafProof, StoredBatch } from '../../audit-trail.ts'
import { quoteQualified } from '../../quote.ts'
import { isNoSuchTable, orNone, translateServerError } from '../../server-error.ts'
import type { ConnectOptions } from '../../session.ts'
import { describe, driverOptions } from '../mysql2-session.ts'
import { WITHOUT_LIMITS } from '../without-limits.ts'
import { whereIds } from './event-statements.ts'
import { observeColumns } from './observe-tables.ts'
import { fieldSql } from './row-expressions.ts'

type Value = string | number | Buffer | null

/** Rows that wait in memory; a reader that is slow stops the server's sending. */
const WAITING_ROWS = 2_000
/** Ranges in one statement. */
const RANGES = 400

export const EVENT_COLUMNS =
  'event_id, at, kind, layout_id, row_key, old_key, account, connection_id, before_hash, after_hash, salt, detail'

/** The newest first; a few are enough, since an old one fits no trail. */
export function restoredSql(store: string): string {
  return `SELECT statement FROM ${quoteQualified(store, 'restored')} ORDER BY at DESC LIMIT 20`
}

/** A snapshot of everything, on a connection of its own that streams. */
export async function openAuditReader(
  options: ConnectOptions,
  store: string,
): Promise<AuditReader> {
  const connection = createConnection({ ...driverOptions(options), database: store })
  connection.on('error', () => {})
  const one = (sql: string): Promise<Value[][]> => query(connection, sql, options)
  try {
    await one(`SET ${WITHOUT_LIMITS}, sql_mode = 'STRICT_TRANS_TABLES', net_write_timeout = 3600`)
    await one('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ')
    await one('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY')
    const [row] = await one('SELECT UTC_TIMESTAMP(6)')
    return new Mysql2AuditReader(connection, options, store, String(row?.[0]))
  } catch (error) {
    connection.destroy()
    throw error
  }
}

async function query(
  connection: Connection,
  sql: string,
  options: ConnectOptions,
  values: readonly unknown[] = [],
): Promise<Value[][]> {
  return await new Promise((resolve, reject) => {
    connection.query({ sql, rowsAsArray: true, values: [...values] }, (error, rows) => {
      if (error) reject(translateServerError(error, `cannot read at ${describe(options)}`))
      else resolve(Array.isArray(rows) ? (rows as Value[][]) : [])
    })
  })
}

class Mysql2AuditReader implements AuditReader {
  readonly serverAt: string
  readonly #connection: Connection
  readonly #options: ConnectOptions
  readonly #store: string

  constructor(connection: Connection, options: ConnectOptions, store: string, serverAt: string) {
    this.#connection = connection
    this.#options = options
    this.#store = store
    this.serverAt = serverAt
  }

  async *events(
    ranges: readonly (readonly [from: number, to: number | null])[] = [[0, null]],
  ): AsyncIterable<AuditEvent> {
    for (let at = 0; at < ranges.length; at += RANGES) {
      const where = ranges
        .slice(at, at + RANGES)
        .map(([from, to]) =>
          to === null ? `event_id >= ${from}` : `event_id BETWEEN ${from} AND ${to}`,
        )
      const table = quoteQualified(this.#store, 'event')
      const sql = `SELECT ${EVENT_COLUMNS} FROM ${table} WHERE ${where.join(' OR ')} ORDER BY event_id`
      for await (const row of this.#stream(sql)) yield eventOf(row)
    }
  }

  async countIn(ranges: readonly IdRange[]): Promise<number> {
    const table = quoteQualified(this.#store, 'event')
    let count = 0
    for (const where of whereIds(ranges)) {
      const sql = `SELECT COUNT(*) FROM ${table} WHERE ${where}`
      const [row] = await query(this.#connection, sql, this.#options)
      count += Number(row?.[0])
    }
    return count
  }

  async *batches(from = 0): AsyncIterable<StoredBatch> {
    const table = quoteQualified(this.#store, 'batch')
    const sql = `SELECT batch_id, statement FROM ${table} WHERE batch_id >= ${from} ORDER BY batch_id`
    for await (const [batch, statement] of this.#stream(sql)) {
      yield { batch: Number(batch), statement: statement as Buffer }
    }
  }

  async leafProof(batch: number): Promise<LeafProof | null> {
    const [proof] = await this.#ofBatch('SELECT hashes', 'leaf_proof', batch)
    if (!proof) return null
    const [kept] = await this.#ofBatch('SELECT ids', 'kept_event', batch)
    return { hashes: proof[0] as Buffer, kept: String(kept?.[0] ?? '') }
  }

  /** None where an older ecomdb made no such table. */
  async #ofBatch(select: string, name: string, batch: number): Promise<Value[][]> {
    const sql = `${select} FROM ${quoteQualified(this.#store, name)} WHERE batch_id = ?`
    return await orNone(query(this.#connection, sql, this.#options, [batch]))
  }

  async *keptEvents(): AsyncIterable<KeptEvents> {
    const table = quoteQualified(this.#store, 'kept_event')
    for await (const [batch, ids] of this.#stream(
      `SELECT batch_id, ids FROM ${table} ORDER BY batch_id`,
    )) {
      yield { batch: Number(batch), ids: String(ids) }
    }
  }

  async erasureRecords(): Promise<Buffer[]> {
    const sql = `SELECT statement FROM ${quoteQualified(this.#store, 'erasure_record')}`
    const rows = await orNone(query(this.#connection, sql, this.#options))
    return rows.map(([statement]) => statement as Buffer)
  }

  async leaves(batch: number): Promise<Buffer | null> {
    const table = quoteQualified(this.#store, 'batch')
    const sql = `SELECT leaves FROM ${table} WHERE batch_id = ?`
    const [row] = await query(this.#connection, sql, this.#options, [batch])
    return row ? (row[0] as Buffer) : null
  }

  async restoredStatements(): Promise<Buffer[]> {
    const rows = query(this.#connection, restoredSql(this.#store), this.#options)
    return (await orNone(rows)).map(([statement]) => statement as Buffer)
  }

  /** A list of what stays gets shorter only together with a new batch. */
  async sealedState(): Promise<string> {
    const table = (name: string): string => quoteQualified(this.#store, name)
    const newest = `SELECT MAX(batch_id) FROM ${table('batch')}`
    const ended = `SELECT COUNT(removed_at), MAX(removed_at) FROM ${table('leaf_proof')}`
    return JSON.stringify([
      await query(this.#connection, newest, this.#options),
      await orNone(query(this.#connection, ended, this.#options)),
    ])
  }

  async columnsOf(database: string, table: string): Promise<ReadonlySet<string>> {
    const columns = await this.#observe(database, table)
    return new Set(columns.map(({ name }) => name))
  }

  async *rows(
    database: string,
    table: string,
    wanted: readonly LayoutColumn[],
  ): AsyncIterable<Field[]> {
    const there = new Map((await this.#observe(database, table)).map(one => [one.name, one]))
    const fields = wanted.map(({ name, encoding }) => {
      const column = there.get(name)
      return column ? fieldSql({ ...column, encoding }, 't') : 'NULL'
    })
    if (there.size === 0) return
    const sql = `SELECT ${fields.join(', ')} FROM ${quoteQualified(database, table)} AS t`
    for await (const row of this.#stream(sql)) yield row as Field[]
  }

  async close(): Promise<void> {
    await new Promise<void>(resolve => this.#connection.end(() => resolve()))
  }

  async #observe(database: string, table: string) {
    return await observeColumns(
      (sql, values) => query(this.#connection, sql, this.#options, values),
      database,
      table,
    )
  }

  async *#stream(sql: string): AsyncIterable<Value[]> {
    const stream = this.#connection
      .query({ sql, rowsAsArray: true })
      .stream({ highWaterMark: WAITING_ROWS })
    try {
      for await (const row of stream) yield row as Value[]
    } catch (error) {
      if (isNoSuchTable(error)) return
      throw translateServerError(error, `cannot read at ${describe(this.#options)}`)
    }
  }
}

const bytes = (value: Value | undefined): Buffer | null =>
  value === null || value === undefined ? null : Buffer.from(value as Buffer)

export function eventOf(row: readonly Value[]): AuditEvent {
  const [id, at, kind, layout, key, oldKey, account, connection, before, after, salt, detail] = row
  return {
    id: Number(id),
    at: String(at),
    kind: String(kind) as EventKind,
    layout: Number(layout),
    key: bytes(key) ?? Buffer.alloc(0),
    oldKey: bytes(oldKey),
    account: String(account),
    connection: String(connection),
    before: bytes(before),
    after: bytes(after),
    salt: bytes(salt),
    detail: detail === null || detail === undefined ? null : String(detail),
  }
}
