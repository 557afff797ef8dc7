import { createHash } from 'node:crypto'
import { EcomdbError } from '#core/errors'
import { type RowBatch, readRows } from '#domain/load/row-batch'
import type { BatchCounts, BatchOutcome, Loader, LoadSession, OnConflict } from '../../loader.ts'
import { isDeadlock, translateServerError } from '../../server-error.ts'
import type { ConnectOptions } from '../../session.ts'
import { openSession } from '../mysql2-session.ts'
import { CarefulBatch } from './careful-batch.ts'
import { beginLoad, ensureJournal, recordProgress, unfinishedLoads } from './journal.ts'
import { LoadConnection } from './load-connection.ts'
import {
  insertHead,
  loadDataStatement,
  orphanCount,
  rangeProbe,
  statementParts,
  tuple,
} from './load-statements.ts'
import { isRowError } from './row-error.ts'
import { readTableShapes } from './table-shapes.ts'

const ATTEMPTS = 5
/** A load that was killed a moment ago holds its lock until the server has noticed. */
const LOCK_WAIT_S = 3
/** Rows that are read back from a batch together. */
const DECODED_ROWS = 5000
const NOTHING: BatchCounts = { loaded: 0, present: 0, kept: 0, replaced: 0, rejected: 0 }

export const loader: Loader = {
  async open(connect, { lock }) {
    if (!connect.database) throw new RangeError('a load needs a database')
    const connection = await LoadConnection.open(connect)
    try {
      if (lock) await takeLock(connection, connect.database)
      if (lock) await ensureJournal(connection)
      const [row] = await connection.rows('SELECT @@local_infile, @@max_allowed_packet')
      const method = row?.[0] === '1' ? 'local_infile' : 'insert'
      return new ServerLoadSession(connection, connect, method, Number(row?.[1]))
    } catch (error) {
      connection.destroy()
      throw translateServerError(error, 'cannot prepare the load')
    }
  },
}

/** One load at a time on a schema; the server drops the lock with the connection. */
async function takeLock(connection: LoadConnection, database: string): Promise<void> {
  const name = `ecomdb-load-${createHash('sha256').update(database).digest('hex').slice(0, 32)}`
  const [row] = await connection.rows(`SELECT GET_LOCK('${name}', ${LOCK_WAIT_S})`)
  if (row?.[0] === '1') return
  const [holder] = await connection.rows(`SELECT IS_USED_LOCK('${name}')`)
  throw new EcomdbError('LOCKED', {
    what: `another load runs on the database ${database}`,
    why: `connection ${holder?.[0]} holds its lock`,
    hints: ['wait for it to end, then run this command again'],
  })
}

class ServerLoadSession implements LoadSession {
  readonly method: LoadSession['method']
  readonly #connection: LoadConnection
  readonly #connect: ConnectOptions
  readonly #packetBytes: number

  constructor(
    connection: LoadConnection,
    connect: ConnectOptions,
    method: LoadSession['method'],
    packetBytes: number,
  ) {
    this.#connection = connection
    this.#connect = connect
    this.method = method
    this.#packetBytes = packetBytes
  }

  async tables(): ReturnType<LoadSession['tables']> {
    const session = await openSession(this.#connect)
    try {
      return await readTableShapes(session)
    } finally {
      await session.close()
    }
  }

  async unfinished(
    table: string,
    fileName: string,
    onConflict: OnConflict,
  ): ReturnType<LoadSession['unfinished']> {
    return await this.#asked('cannot read the load journal', () =>
      unfinishedLoads(this.#connection, table, fileName, onConflict),
    )
  }

  async begin(table: string, fileName: string, onConflict: OnConflict): Promise<number> {
    return await this.#asked('cannot write the load journal', () =>
      beginLoad(this.#connection, table, fileName, onConflict),
    )
  }

  async load(batch: RowBatch, options: Parameters<LoadSession['load']>[1]): Promise<BatchOutcome> {
    const what = `cannot load ${batch.plan.table.name}`
    return await this.#asked(what, async () => {
      for (let attempt = 1; ; attempt++) {
        try {
          return (await this.#whole(batch, options)) ?? (await this.#careful(batch, options))
        } catch (error) {
          // A deadlock is nobody's fault: the transaction is gone, and is made again.
          if (!isDeadlock(error) || attempt === ATTEMPTS) throw error
        }
      }
    })
  }

  /** All rows at once, when none of them is there; null when that is not how it is. */
  async #whole(
    batch: RowBatch,
    options: Parameters<LoadSession['load']>[1],
  ): Promise<BatchOutcome | null> {
    if (await this.#anyThere(batch)) return null
    const outcome = { ...NOTHING, loaded: batch.rows, rejects: [] }
    return await this.#transaction(async () => {
      if (batch.rows > 0 && !(await this.#sendWhole(batch))) return null
      await this.#record(options, outcome)
      return outcome
    })
  }

  /** False when the server took the rows otherwise than they are. */
  async #sendWhole(batch: RowBatch): Promise<boolean> {
    try {
      const sent =
        this.method === 'local_infile'
          ? await this.#connection.sendFile(loadDataStatement(batch.plan), batch.pieces)
          : await this.#insertWhole(batch)
      // LOCAL turns a row's error into a warning, and leaves the row out or alters it.
      return sent.affectedRows === batch.rows && sent.warnings === 0
    } catch (error) {
      if (isRowError(error)) return false
      throw error
    }
  }

  async #insertWhole(batch: RowBatch): Promise<{ affectedRows: number; warnings: number }> {
    const head = insertHead(batch.plan)
    const sum = { affectedRows: 0, warnings: 0 }
    for (let from = 0; from < batch.rows; from += DECODED_ROWS) {
      const rows = readRows(batch, from, Math.min(batch.rows, from + DECODED_ROWS))
      for (const part of statementParts(rows, this.#packetBytes)) {
        const sql = head + part.map(row => tuple(row.values)).join(',')
        // The careful way says which row is too large, without losing the connection.
        if (sql.length * 3 > this.#packetBytes) return sum
        const { affectedRows, warnings } = await this.#connection.run(sql)
        sum.affectedRows += affectedRows
        sum.warnings += warnings
      }
    }
    return sum
  }

  async #careful(
    batch: RowBatch,
    options: Parameters<LoadSession['load']>[1],
  ): Promise<BatchOutcome> {
    const outcome = await this.#transaction(async () => {
      const careful = new CarefulBatch(this.#connection, batch.plan, {
        onConflict: options.onConflict,
        packetBytes: this.#packetBytes,
        dryRun: false,
      })
      const done = await careful.run(batch)
      await options.beforeCommit(done.rejects)
      await this.#record(options, done)
      return done
    })
    if (!outcome) throw new Error('a careful batch has an outcome')
    return outcome
  }

  async #record(
    { journalId, progress, rejectedBefore }: Parameters<LoadSession['load']>[1],
    counts: BatchCounts,
  ): Promise<void> {
    const rejected = counts.rejected + rejectedBefore
    await recordProgress(this.#connection, journalId, progress, { ...counts, rejected })
  }

  async #anyThere({ plan, keyRange }: RowBatch): Promise<boolean> {
    if (!keyRange || keyRange.low > keyRange.high) return false
    const probe = rangeProbe(plan, keyRange.low, keyRange.high)
    return (await this.#connection.rows(probe)).length > 0
  }

  /** Commits what `work` did; rolls back when it gives null or throws. */
  async #transaction<Result>(work: () => Promise<Result | null>): Promise<Result | null> {
    await this.#connection.run('START TRANSACTION')
    try {
      const result = await work()
      await this.#connection.run(result === null ? 'ROLLBACK' : 'COMMIT')
      return result
    } catch (error) {
      await this.#connection.run('ROLLBACK').catch(() => {})
      throw error
    }
  }

  async compare(batch: RowBatch, onConflict: OnConflict): Promise<BatchOutcome> {
    return await this.#asked(`cannot compare ${batch.plan.table.name}`, async () => {
      if (batch.keyRange && !(await this.#anyThere(batch))) {
        return { ...NOTHING, loaded: batch.rows, rejects: [] }
      }
      const packetBytes = this.#packetBytes
      const options = { onConflict, packetBytes, dryRun: true }
      return await new CarefulBatch(this.#connection, batch.plan, options).run(batch)
    })
  }

  async finish(journalId: number, progress: Parameters<LoadSession['finish']>[1]): Promise<void> {
    await this.#asked('cannot write the load journal', () =>
      recordProgress(this.#connection, journalId, progress, NOTHING, true),
    )
  }

  async countOrphans(reference: Parameters<LoadSession['countOrphans']>[0]): Promise<number> {
    const [row] = await this.#asked('cannot count orphans', () =>
      this.#connection.rows(orphanCount(reference)),
    )
    return Number(row?.[0])
  }

  async close(): Promise<void> {
    // The server ends a connection some time after the client; the next load need not wait.
    await this.#connection.run('DO RELEASE_ALL_LOCKS()').catch(() => {})
    await this.#connection.close()
  }

  cancel(): void {
    this.#connection.destroy()
  }

  async #asked<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      throw translateServerError(error, what)
    }
  }
}
