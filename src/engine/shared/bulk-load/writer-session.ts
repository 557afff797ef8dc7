import { EcomdbError } from '#core/errors'
import { packetFor } from '#domain/backup/largest-rows'
import type { TableEntry } from '#domain/backup/manifest'
import type { RestoreStatement } from '#domain/backup/restore-plan'
import { computesOfDates } from '#domain/schema/computes-of-dates'
import type {
  LoadedPieces,
  LoadResult,
  LogicalWriterSession,
  WriterOptions,
} from '../../logical-writer.ts'
import { quoteIdentifier, quoteQualified } from '../../quote.ts'
import { insertStatements } from './insert-rows.ts'
import { inZone, prepareLoader, withDates } from './loader-settings.ts'
import {
  holdLoaderLock,
  journalStatements,
  markStatement,
  requireLockedServer,
} from './restore-progress.ts'
import { loadStatement } from './row-statements.ts'
import { runOpened } from './run-program-statement.ts'
import { type OkPacket, WireConnection } from './wire-connection.ts'

/** See LogicalWriter.open. */
export async function openWriter(options: WriterOptions): Promise<LogicalWriterSession> {
  const opened = await Promise.allSettled(
    Array.from({ length: options.writers }, (_, place) => openLoader(options, place)),
  )
  const loaders = opened.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []))
  const failed = opened.find(one => one.status === 'rejected')
  if (failed) {
    await Promise.all(loaders.map(loader => loader.close()))
    throw failed.reason
  }
  try {
    if (options.throwAway) await withoutRedoLog(loaders)
    for (const setting of options.globals ?? []) await loaders[0]?.run(`SET GLOBAL ${setting}`)
    if (options.restoreId !== undefined) await startJournal(loaders, options.restoreId, options)
    return new WriterSession(options, loaders)
  } catch (error) {
    await Promise.all(loaders.map(loader => loader.close()))
    throw error
  }
}

async function startJournal(
  [loader]: readonly WireConnection[],
  restoreId: string,
  { databases = [], binlog }: WriterOptions,
): Promise<void> {
  for (const sql of journalStatements({ restoreId, binlog }, databases)) {
    await loader?.run(sql, 'cannot keep the journal of a restore on the server')
  }
}

async function openLoader(options: WriterOptions, place: number): Promise<WireConnection> {
  const connection = await WireConnection.open({ ...options.connect, database: undefined })
  try {
    await prepareLoader(connection, options)
    if (options.lockedBy !== undefined) await requireLockedServer(connection, options.lockedBy)
    if (options.restoreId !== undefined) await holdLoaderLock(connection, place)
    return connection
  } catch (error) {
    await connection.close()
    throw error
  }
}

/** MySQL 8.0.21+ (reference manual, "Disabling Redo Logging"); MariaDB has no such thing. */
async function withoutRedoLog([loader]: readonly WireConnection[]): Promise<void> {
  await loader?.run('ALTER INSTANCE DISABLE INNODB REDO_LOG').catch(() => {})
}

/** A statement of rows stays far below the most common max_allowed_packet, in bytes. */
const INSERT_BYTES = 1024 * 1024

class WriterSession implements LogicalWriterSession {
  readonly writers: number
  readonly #options: WriterOptions
  readonly #all: readonly WireConnection[]
  readonly #free: WireConnection[]
  readonly #waiting: ((loader: WireConnection) => void)[] = []

  constructor(options: WriterOptions, loaders: readonly WireConnection[]) {
    this.writers = options.writers
    this.#options = options
    this.#all = loaders
    this.#free = [...loaders]
  }

  async run(statement: RestoreStatement): Promise<void> {
    await this.#withLoader(async loader => {
      const what = `cannot restore ${statement.object}`
      if (statement.schema !== null) await loader.run(`USE ${quoteIdentifier(statement.schema)}`)
      const { stage, sql } = statement
      if (stage === 'accounts') await loader.run(sql, what).catch(withoutStatement)
      else if (stage === 'statistics') await tellOptimizer(loader, sql, what)
      else if (statement.context === null)
        await withDates(loader, statement.computes ?? false, () =>
          inZone(loader, statement.timeZone, () => loader.run(sql, what)),
        )
      else await runOpened(loader, statement, statement.context, what)
    })
  }

  async load(
    table: TableEntry,
    rows: number,
    blocks: AsyncIterable<Uint8Array>,
    mark?: LoadedPieces,
  ): Promise<LoadResult> {
    return await this.#withLoader(async loader => {
      const what = `cannot load rows into ${quoteQualified(table.schema, table.name)}`
      // A server with GTIDs refuses another engine's tables in a transaction with a mark; and
      // nothing of them would be rolled back.
      const inTransaction = table.storageEngine.toLowerCase() === 'innodb'
      if (inTransaction) await loader.run('START TRANSACTION')
      try {
        const { affectedRows, told } = await withDates(
          loader,
          computesOfDates(table.create),
          async () => {
            const { affectedRows, warnings } = await this.#loadRows(loader, table, blocks, what)
            return { affectedRows, told: warnings > 0 ? await warningsOf(loader) : [] }
          },
        )
        if (affectedRows !== rows) throw wrongCount(table, rows, affectedRows, told)
        const { restoreId } = this.#options
        if (restoreId !== undefined && mark && inTransaction)
          await loader.run(markStatement(restoreId, mark), what)
        await loader.run('COMMIT', what)
        return { rows, warnings: told }
      } catch (error) {
        await loader.run('ROLLBACK').catch(() => {})
        throw error
      }
    })
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map(loader => loader.close()))
  }

  async #loadRows(
    loader: WireConnection,
    table: TableEntry,
    blocks: AsyncIterable<Uint8Array>,
    what: string,
  ): Promise<OkPacket> {
    if (this.#options.method === 'infile') {
      return await loader.load(loadStatement(table), blocks, what)
    }
    const sum = { affectedRows: 0, warnings: 0 }
    // The command is a byte, too.
    const limit = loader.maxPacket - 1
    for await (const { sql } of insertStatements(table, blocks, Math.min(INSERT_BYTES, limit))) {
      if (sql.length >= limit) throw rowTooLarge(what, sql.length, loader.maxPacket)
      const { affectedRows, warnings } = await loader.run(sql, what)
      sum.affectedRows += affectedRows
      sum.warnings += warnings
    }
    return sum
  }

  async #withLoader<Result>(work: (loader: WireConnection) => Promise<Result>): Promise<Result> {
    const loader =
      this.#free.pop() ??
      (await new Promise<WireConnection>(resolve => {
        this.#waiting.push(resolve)
      }))
    try {
      return await work(loader)
    } finally {
      const next = this.#waiting.shift()
      if (next) next(loader)
      else this.#free.push(loader)
    }
  }
}

/** ANALYZE TABLE says in its rows that something went wrong: table, operation, kind, text. */
async function tellOptimizer(loader: WireConnection, sql: string, what: string): Promise<void> {
  const told = await loader.rows(sql)
  const error = told.find(([, , kind]) => kind?.toLowerCase() === 'error')
  if (error) throw new EcomdbError('SERVER_REFUSED', { what, why: String(error[3]) })
}

/**
 * A server repeats a part of the statement that it does not understand (error 1064), and a
 * statement about an account holds password hashes.
 */
function withoutStatement(error: unknown): never {
  if (!(error instanceof EcomdbError)) throw error
  throw new EcomdbError(error.code, {
    what: error.what,
    why: error.why?.replace(/ near '[\s\S]*' at line/, " near '…' at line"),
    hints: error.hints,
  })
}

async function warningsOf(loader: WireConnection): Promise<string[]> {
  const rows = await loader.rows('SHOW WARNINGS LIMIT 64')
  return rows.map(([, code, message]) => `${code}: ${message}`)
}

function rowTooLarge(what: string, bytes: number, maxPacket: number): EcomdbError {
  return new EcomdbError('SERVER_REFUSED', {
    what,
    why: `one of them needs a statement of ${bytes} bytes, and max_allowed_packet is ${maxPacket} there`,
    hints: [
      `set max_allowed_packet to ${packetFor(bytes)} or more on the server (SET GLOBAL), as long as the restore takes`,
      'or turn local_infile on there (SET GLOBAL): rows of any size come then',
    ],
  })
}

function wrongCount(
  table: TableEntry,
  expected: number,
  stored: number,
  warnings: readonly string[],
): EcomdbError {
  const why = warnings[0] ?? 'it gave no reason'
  return new EcomdbError('CONTENT_MISMATCH', {
    what: `the server stored ${stored} of ${expected} rows of ${quoteQualified(table.schema, table.name)}`,
    why,
    hints: [
      'the rows of this chunk were rolled back',
      ...(why.startsWith('1526') ? [PARTITIONS] : []),
    ],
  })
}

/** Error 1526. */
const PARTITIONS =
  "rows are loaded in UTC: where the partitions hang on a TIMESTAMP's day, a row beyond the last one, or in none of a LIST, may be in one in the source's zone; give the table of the source a partition with MAXVALUE (or DEFAULT), and back up again, or back up the files"
