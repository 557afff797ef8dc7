import { EcomdbError } from '#core/errors'
import { KIB } from '#core/units'
import type {
  KeyRange,
  PackedRows,
  ReadableTable,
  RowBlock,
  RowReader,
} from '../../logical-reader.ts'
import { quoteIdentifier, quoteQualified } from '../../quote.ts'
import { isChangedTable, isDeadlock, serverErrorNumber } from '../../server-error.ts'
import type { ConnectOptions } from '../../session.ts'
import { RowConnection } from '../bulk/row-connection.ts'
import type { Packing } from '../bulk/row-protocol.ts'
import { WITHOUT_LIMITS } from '../without-limits.ts'
import { changedMeanwhile } from './changed-meanwhile.ts'
import { refuseCutValues } from './cut-values.ts'
import type { LogicalDialect } from './dialect.ts'
import { sumOf } from './sum-of.ts'
import { unlessRefused } from './unless-refused.ts'

/** Told when a chunk's last row has come, while its table's metadata lock is still held. */
export type AfterChunk = (table: ReadableTable) => Promise<void>

/** Reading connections, each used by one caller at a time. */
export class ReaderPool implements RowReader {
  readonly #connections: RowConnection[]
  readonly #free: RowConnection[]
  readonly #waiting: ((connection: RowConnection) => void)[] = []
  /** Runs on a connection when its chunk is over. */
  #afterChunk: AfterChunk | null = null
  #inSnapshot = false
  #keepsMetadataLocks = false

  private constructor(connections: RowConnection[]) {
    this.#connections = connections
    this.#free = [...connections]
  }

  /** @throws EcomdbError SERVER_UNREACHABLE, AUTHENTICATION_REFUSED */
  static async open(
    dialect: LogicalDialect,
    connect: ConnectOptions,
    readers: number,
  ): Promise<ReaderPool> {
    const opening = Array.from({ length: readers }, () => RowConnection.open(connect))
    const opened = await Promise.allSettled(opening)
    const connections = opened.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []))
    const pool = new ReaderPool(connections)
    try {
      await Promise.all(opening)
      await Promise.all(connections.map(one => one.query(`SET SESSION ${WITHOUT_LIMITS}`)))
      await Promise.all(connections.map(one => one.query(readerSettings(dialect))))
      await Promise.all(connections.map(keepAllWarnings))
      const isolation = 'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ'
      await Promise.all(connections.map(one => one.query(isolation)))
      await pool.#freeMetadataLocks(dialect)
      await Promise.all(connections.map(growSendBuffer))
      return pool
    } catch (error) {
      await pool.close()
      throw error
    }
  }

  /** A table that was read cannot be altered until the snapshots end. */
  get keepsMetadataLocks(): boolean {
    return this.#keepsMetadataLocks
  }

  get readers(): number {
    return this.#connections.length
  }

  /** Each connection by itself, for what may not be the same on all of them. */
  async eachAnswers(
    check: (ask: (sql: string) => Promise<string | null | undefined>) => Promise<void>,
  ): Promise<void> {
    for (const one of this.#connections) await check(async sql => (await one.query(sql))[0]?.[0])
  }

  /**
   * Opens a snapshot on every connection; the caller makes sure that they are the same. READ ONLY: a probe is
   * somebody's procedure, and may write; of the session, too, where it has ended the transaction.
   */
  async startSnapshots(afterChunk: AfterChunk): Promise<void> {
    const readOnly = 'SET SESSION TRANSACTION READ ONLY'
    await Promise.all(this.#connections.map(one => one.query(readOnly)))
    await Promise.all(this.#connections.map(one => one.query(START_SNAPSHOT)))
    await Promise.all(this.#connections.map(one => one.query(`SAVEPOINT ${SAVEPOINT}`)))
    this.#inSnapshot = true
    this.#afterChunk = afterChunk
  }

  /** Never throws: a connection that is lost says so at its next use. */
  async endSnapshots(): Promise<void> {
    this.#inSnapshot = false
    this.#afterChunk = null
    await Promise.allSettled(this.#connections.map(one => one.query('ROLLBACK')))
  }

  async *readChunk(table: ReadableTable, range: KeyRange): AsyncGenerator<RowBlock> {
    yield* this.#read(table, connection => readWhole(connection, table, range))
  }

  async *readPacked(
    table: ReadableTable,
    ranges: readonly KeyRange[],
    pieceBytes: number,
  ): AsyncGenerator<PackedRows> {
    const whole = { from: ranges[0]?.from ?? null, to: ranges.at(-1)?.to ?? null }
    const packing = { pieceBytes, borders: ranges.slice(1).map(({ from }) => from ?? '') }
    yield* this.#read(table, connection => readCounted(connection, table, whole, packing))
  }

  async *#read<Item>(
    table: ReadableTable,
    stream: (connection: RowConnection) => AsyncGenerator<Item, void, undefined>,
  ): AsyncGenerator<Item> {
    const connection = await this.#take()
    let failure: unknown
    try {
      yield* stream(connection)
      await this.#afterChunk?.(table)
    } catch (error) {
      failure = error
      throw this.#orChanged(error, nameIn(table))
    } finally {
      await this.#giveBack(connection, failure, nameIn(table))
    }
  }

  #orChanged(error: unknown, read: string): unknown {
    if (!this.#inSnapshot) return error
    if (isDeadlock(error)) return changedMeanwhile([`some waits for ${read}`], error)
    return isChangedTable(error) ? changedMeanwhile([`${read} has changed`], error) : error
  }

  async #ask(table: ReadableTable, sql: string): Promise<(string | null)[][]> {
    return await this.query(sql, nameIn(table)).catch((error: unknown) => {
      throw this.#orChanged(error, nameIn(table))
    })
  }

  async countRows(table: ReadableTable): Promise<number> {
    const rows = await this.#ask(table, `SELECT ${priority(table)}COUNT(*) FROM ${rowsOf(table)}`)
    return Number(rows[0]?.[0])
  }

  async sampleRowBytes(table: ReadableTable): Promise<number | null> {
    const [row] = await this.#ask(table, selectSample(table))
    const average = row?.[0]
    return average ? Number(average) : null
  }

  async keyBounds(table: ReadableTable): Promise<{ min: bigint; max: bigint } | null> {
    const column = table.key?.columns[0]
    if (column === undefined || table.key?.kind !== 'integer') return null
    const name = quoteIdentifier(column)
    const [row] = await this.#ask(
      table,
      `SELECT ${priority(table)}MIN(${name}), MAX(${name}) FROM ${rowsOf(table)}`,
    )
    const [min, max] = row ?? []
    return min && max ? { min: BigInt(min), max: BigInt(max) } : null
  }

  /**
   * A small result as text, in the snapshot where there is one.
   * @param read what it reads, in words
   */
  async query(sql: string, read = 'what a question reads'): Promise<(string | null)[][]> {
    const connection = await this.#take()
    let failure: unknown
    try {
      return await connection.query(sql)
    } catch (error) {
      failure = error
      throw error
    } finally {
      await this.#giveBack(connection, failure, read)
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#connections.map(one => one.close()))
  }

  async #freeMetadataLocks({ freesMetadataLocks }: LogicalDialect): Promise<void> {
    if (freesMetadataLocks === null) return
    const setting = this.#connections.map(one => unlessRefused(one.query(freesMetadataLocks)))
    this.#keepsMetadataLocks = (await Promise.all(setting)).includes(null)
    if (!this.#keepsMetadataLocks) return
    const least = `SET SESSION lock_wait_timeout = ${KEPT_LOCK_SECONDS}`
    await Promise.all(this.#connections.map(one => one.query(least)))
  }

  async #take(): Promise<RowConnection> {
    const free = this.#free.pop()
    if (free) return free
    return await new Promise(resolve => this.#waiting.push(resolve))
  }

  /**
   * Gives back to the savepoint first: that lets go of the metadata locks of what was read
   * (the snapshot stays), so that a waiting ALTER, and all behind it, do not wait for the
   * whole backup.
   *
   * @param failure of what was read: MariaDB ends the transaction of the reader that it takes out of a deadlock with DDL
   * @throws EcomdbError NOT_CONSISTENT where the savepoint, and so the snapshot, is gone
   */
  async #giveBack(connection: RowConnection, failure: unknown, read: string): Promise<void> {
    const lost = this.#inSnapshot
      ? await connection.query(`ROLLBACK TO SAVEPOINT ${SAVEPOINT}`).then(() => null, lostSnapshot)
      : null
    const waiting = this.#waiting.shift()
    if (waiting) waiting(connection)
    else this.#free.push(connection)
    if (lost) throw isDeadlock(failure) ? this.#orChanged(failure, read) : lost
  }
}

/**
 * For so long a reader waits for a table where readers keep the locks of what they have read: RENAME, which swaps tables, has the
 * one and waits for the other, and all who use that one wait behind it. Of several connections no server sees the deadlock.
 */
const KEPT_LOCK_SECONDS = 10

const SAVEPOINT = 'ecomdb_reader'
const START_SNAPSHOT = 'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY'

/** null where the connection is lost: its next use says so. */
function lostSnapshot(error: unknown): EcomdbError | null {
  if (serverErrorNumber(error) !== NO_SUCH_SAVEPOINT) return null
  return new EcomdbError('NOT_CONSISTENT', {
    what: 'the backup would not be of one moment',
    why: 'a reader has lost its transaction: a statement that it ran, or the server, has ended it',
    hints: ['run the backup again, and report it when it comes again'],
    // Without its cause, whose number means of anything else that it was dropped meanwhile.
  })
}

/** ER_SP_DOES_NOT_EXIST, which both engines say of savepoints. */
const NO_SUCH_SAVEPOINT = 1305

function nameIn({ schema, name }: ReadableTable): string {
  return `table ${schema}.${name}`
}

/**
 * Row bytes as the server has them: each column in its own character set, times in UTC,
 * and no mode that changes how a value is printed. A consumer may be slow, so the server
 * may wait long for it.
 */
function readerSettings(dialect: LogicalDialect): string {
  return `SET SESSION ${[
    'character_set_results = NULL',
    "sql_mode = ''",
    'net_write_timeout = 86400',
    'lock_wait_timeout = 600',
    ...dialect.readerSettings,
  ].join(', ')}`
}

/**
 * refuseCutValues looks through what a statement has left. MySQL lets nobody change this for a session but who has
 * SESSION_VARIABLES_ADMIN, which the account of a backup need not have; then it sees that it does not see all.
 */
async function keepAllWarnings(connection: RowConnection): Promise<void> {
  await unlessRefused(connection.query('SET SESSION max_error_count = 65535'))
}

const SEND_BUFFER_BYTES = 128 * KIB
/** No server that takes so little, if there is one, is to lose a connection for this. */
const LEAST_PACKET_BYTES = 1024 * KIB

/**
 * A server sends rows in steps of net_buffer_length, 16 KiB, which only its administrator may
 * change; but its buffer grows with the longest statement that it was sent, and stays so. With
 * larger steps the same rows took 15 % less processor time, of both sides together, on both engines.
 */
async function growSendBuffer(connection: RowConnection): Promise<void> {
  const [row] = await connection.query('SELECT @@max_allowed_packet')
  if (Number(row?.[0]) < LEAST_PACKET_BYTES) return
  await connection.query(`DO 0${' '.repeat(SEND_BUFFER_BYTES)}`)
}

async function* readWhole(
  connection: RowConnection,
  table: ReadableTable,
  range: KeyRange,
): AsyncGenerator<RowBlock, void, undefined> {
  yield* connection.stream(selectRows(table, range), table.key === null)
  await refuseCutValues(connection, table)
}

/** Packed rows, and at the end a look whether they are as many as the server has sent. */
async function* readCounted(
  connection: RowConnection,
  table: ReadableTable,
  range: KeyRange,
  packing: Packing,
): AsyncGenerator<PackedRows, void, undefined> {
  let rows = 0
  const sql = selectRows(table, range)
  for await (const item of connection.streamPacked(sql, table.key === null, packing)) {
    if (item.kind === 'block') rows += item.rows
    yield item
  }
  await refuseCutValues(connection, table)
  const sent = await rowsSent(connection, table, range)
  if (sent === rows) return
  throw new EcomdbError('NOT_CONSISTENT', {
    what: `table ${table.schema}.${table.name} was not read as it is`,
    why: `the server has sent ${sent} rows, and ${rows} have arrived`,
    hints: ['run the backup again, and report it when it comes again'],
  })
}

/** Of the statement before. FOUND_ROWS() costs nothing; MySQL means to drop it some day. */
async function rowsSent(
  connection: RowConnection,
  table: ReadableTable,
  range: KeyRange,
): Promise<number> {
  const found = await connection.query('SELECT FOUND_ROWS()').catch(error => {
    if (error instanceof EcomdbError && error.code === 'SERVER_REFUSED') return null
    throw error
  })
  const counted = found ?? (await connection.query(countRange(table, range)))
  return Number(counted[0]?.[0])
}

function countRange(table: ReadableTable, { from, to }: KeyRange): string {
  const where = rangeCondition(quoteIdentifier(table.key?.columns[0] ?? ''), from, to)
  return `SELECT ${priority(table)}COUNT(*) FROM ${rowsOf(table)}${where ? ` WHERE ${where}` : ''}`
}

/** One BETWEEN where it can be: the server compares every row, and two comparisons cost more. */
function rangeCondition(column: string, from: string | null, to: string | null): string {
  if (from !== null && to !== null) {
    return `${column} BETWEEN ${BigInt(from)} AND ${BigInt(to) - 1n}`
  }
  if (from !== null) return `${column} >= ${BigInt(from)}`
  return to === null ? '' : `${column} < ${BigInt(to)}`
}

/** All of a table's rows: of one with a history those that were, too. */
function rowsOf({ schema, name, history }: ReadableTable): string {
  return `${quoteQualified(schema, name)}${history ? ' FOR SYSTEM_TIME ALL' : ''}`
}

/**
 * A reader of MariaDB's MEMORY and Aria tables waits behind a writer that waits for the lock
 * which the backup itself holds (10.11, measured), unless it goes first.
 */
function priority({ storageEngine = 'InnoDB' }: ReadableTable): string {
  return storageEngine.toLowerCase() === 'innodb' ? '' : 'HIGH_PRIORITY '
}

/** The rows of one range in key order. */
export function selectRows(table: ReadableTable, { from, to }: KeyRange): string {
  const columns = table.columns.map(column => column.read).join(', ') || '1'
  const first = quoteIdentifier(table.key?.columns[0] ?? '')
  const where = rangeCondition(first, from, to)
  const order = table.key?.columns.map(quoteIdentifier).join(', ')
  return (
    `SELECT ${priority(table)}${columns} FROM ${rowsOf(table)}` +
    `${where ? ` WHERE ${where}` : ''}${order ? ` ORDER BY ${order}` : ''}`
  )
}

/** Rows at each end of the key that a sample takes. */
const SAMPLE_ROWS = 50

/** The average length of their fields, each with its tab or newline. */
function selectSample(table: ReadableTable): string {
  const { columns, key } = table
  const bytes = sumOf(columns.map(({ read }) => `IFNULL(LENGTH(${read}), 2) + 1`))
  const from = `SELECT ${bytes} AS bytes FROM ${rowsOf(table)}`
  const ends = (key ? ['ASC', 'DESC'] : ['']).map(direction => {
    const order = key?.columns.map(column => `${quoteIdentifier(column)} ${direction}`).join(', ')
    return `(${from}${order ? ` ORDER BY ${order}` : ''} LIMIT ${SAMPLE_ROWS})`
  })
  return `SELECT AVG(bytes) FROM (${ends.join(' UNION ALL ')}) AS sample`
}
