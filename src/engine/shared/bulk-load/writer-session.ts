import { EcomdbError } from '#core/errors'
import { packetFor } from '#domain/backup/largest-rows'
import type { TableEntry } from '#domain/backup/manifest'
import type { ProgramContext, RestoreStatement } from '#domain/backup/restore-plan'
import { computesOfDates } from '#domain/schema/computes-of-dates'
import type {
  LoadedPieces,
  LoadResult,
  LogicalWriterSession,
  WriterOptions,
} from '../../logical-writer.ts'
import { quoteIdentifier, quoteQualified, quoteString } from '../../quote.ts'
import { bytesOfMarked, markedText } from '../sjis-backslash.ts'
import { insertStatements } from './insert-rows.ts'
import { prepareLoader, withDates } from './loader-settings.ts'
import {
  holdLoaderLock,
  JOURNAL_STATEMENTS,
  markStatement,
  requireLockedServer,
} from './restore-progress.ts'
import { loadStatement } from './row-statements.ts'
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
    if (options.restoreId !== undefined) await startJournal(loaders, options.restoreId)
    return new WriterSession(options, loaders)
  } catch (error) {
    await Promise.all(loaders.map(loader => loader.close()))
    throw error
  }
}

async function startJournal([loader]: readonly WireConnection[], restoreId: string): Promise<void> {
  for (const sql of JOURNAL_STATEMENTS(restoreId)) {
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

/** A client that sends these is sending UTF-8, or bytes that mean themselves. */
const SENT_AS_UTF8 = new Set(['utf8mb4', 'utf8mb3', 'utf8', 'binary', ''])

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
        await withDates(loader, statement.computes ?? false, () => loader.run(sql, what))
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
 * MySQL 8.0 and 8.4 read the expression of a generated column in the client's set when they open its table
 * (measured: a trigger of a client of cp932 and a column of Japanese name, error 1054; 9.7 does not). Once a
 * table was opened otherwise it stays open for the statement.
 */
async function runOpened(
  loader: WireConnection,
  { sql, schema }: RestoreStatement,
  context: ProgramContext,
  what: string,
): Promise<void> {
  try {
    await runInContext(loader, sql, context, what)
  } catch (error) {
    if (!(error instanceof EcomdbError) || schema === null || !OF_EXPRESSION.test(error.why ?? ''))
      throw error
    const tables = await loader.rows(
      `SELECT DISTINCT TABLE_NAME FROM information_schema.COLUMNS
        WHERE TABLE_SCHEMA = ${quoteString(schema)} AND GENERATION_EXPRESSION <> ''`,
    )
    for (const [name] of tables) {
      await loader.rows(`SELECT 1 FROM ${quoteQualified(schema, name ?? '')} LIMIT 1`)
    }
    await runInContext(loader, sql, context, what)
  }
}

const OF_EXPRESSION = /^Unknown column '.*' in 'generated column function'/

/** Under the settings of the session that created it, which the server stores with it. */
export async function runInContext(
  loader: WireConnection,
  sql: string,
  context: ProgramContext,
  what: string,
): Promise<void> {
  const bytes = await inCharacterSet(loader, sql, context.characterSetClient)
  const others = Object.entries({
    ...(context.defaultCollation
      ? { [context.defaultCollation.name]: context.defaultCollation.value }
      : {}),
    ...(context.sessionCollation ? { collation_database: context.sessionCollation } : {}),
  })
  await loader.run(
    'SET @ecomdb_sql_mode = @@sql_mode, @ecomdb_time_zone = @@time_zone, @ecomdb_collation = @@collation_connection' +
      others.map(([name]) => `, @ecomdb_${name} = @@${name}`).join(''),
  )
  try {
    await loader.run(
      `SET sql_mode = ${quoteString(context.sqlMode)}` +
        (context.timeZone ? `, time_zone = ${quoteString(context.timeZone)}` : '') +
        (context.timestamp === undefined ? '' : `, timestamp = ${context.timestamp}`) +
        others.map(([name, value]) => `, ${name} = ${quoteString(value)}`).join('') +
        `, character_set_client = ${quoteString(bytes ? context.characterSetClient : 'utf8mb4')}` +
        `, collation_connection = ${quoteString(context.collationConnection)}`,
      what,
    )
    await loader.run(bytes ?? sql, what)
  } finally {
    await loader
      .run(
        'SET sql_mode = @ecomdb_sql_mode, time_zone = @ecomdb_time_zone, timestamp = DEFAULT, ' +
          // Not its DEFAULT, which is the server's own: statements in a ucs2 are understood by nobody.
          'character_set_client = utf8mb4, collation_connection = @ecomdb_collation' +
          others.map(([name]) => `, ${name} = @ecomdb_${name}`).join(''),
      )
      .catch(() => {})
  }
}

/** The text in a character set, or null where it has characters that the set lacks. */
async function inCharacterSet(
  loader: WireConnection,
  sql: string,
  characterSet: string,
): Promise<Buffer | null> {
  if (SENT_AS_UTF8.has(characterSet)) return Buffer.from(sql)
  if (!/^\w+$/.test(characterSet)) return null
  const hex = Buffer.from(markedText(characterSet, sql)).toString('hex')
  const [row] = await loader.rows(
    `SELECT HEX(CONVERT(_utf8mb4 x'${hex}' USING ${characterSet})),
       HEX(CONVERT(CONVERT(_utf8mb4 x'${hex}' USING ${characterSet}) USING utf8mb4))`,
  )
  const [converted, back] = row ?? []
  if (!converted || back?.toLowerCase() !== hex) return null
  return bytesOfMarked(characterSet, Buffer.from(converted, 'hex'))
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
  return new EcomdbError('CONTENT_MISMATCH', {
    what: `the server stored ${stored} of ${expected} rows of ${quoteQualified(table.schema, table.name)}`,
    why: warnings[0] ?? 'it gave no reason',
    hints: ['the rows of this chunk were rolled back'],
  })
}
