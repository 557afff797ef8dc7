import type { Progress } from '#core/progress'
import type { PieceEntry, TableEntry } from '#domain/backup/manifest'
import type { RestorePlan, RestoreStatement } from '#domain/backup/restore-plan'
import type { LogicalWriterSession } from '#engine/logical-writer'
import { fetchPieces } from './fetch-pieces.ts'
import type { OpenedSnapshot, SnapshotAccess } from './open-snapshot.ts'

/** TSV bytes of one transaction: small enough to undo, large enough to cost nothing. */
const LOAD_BYTES = 64 * 1024 * 1024

/** Consecutive pieces of a table that are loaded as one transaction. */
interface Load {
  pieces: readonly PieceEntry[]
  rows: number
  bytes: number
}

/** A table on its way: what is still to load, and what comes after its last row. */
interface TableWork {
  table: TableEntry
  waiting: Load[]
  running: number
  bytesLeft: number
  indexes: readonly RestoreStatement[]
}

export interface LoadedRows {
  /** Warnings of the server, with the table; at most 64. */
  warnings: string[]
}

/**
 * Loads the rows of all tables on all connections, each table's indexes as soon as its
 * rows are in. A connection takes a table that no other is at, the largest first, and
 * only helps with another's table when there is none left: rows of one table in key order
 * fill its pages best.
 */
export async function loadRows(
  access: SnapshotAccess,
  snapshot: OpenedSnapshot,
  plan: RestorePlan,
  writer: LogicalWriterSession,
  writers: number,
  progress: Progress,
): Promise<LoadedRows> {
  const works = tableWorks(snapshot, plan)
  const warnings: string[] = []
  let failed = false
  const lane = async (): Promise<void> => {
    for (let work = nextWork(works); work && !failed; work = nextWork(works)) {
      try {
        warnings.push(...(await loadNext(access, snapshot, work, writer, progress)))
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  // All lanes end before the first error is thrown, so that nothing goes on behind it.
  const ended = await Promise.allSettled(Array.from({ length: writers }, lane))
  for (const one of ended) if (one.status === 'rejected') throw one.reason
  return { warnings: warnings.slice(0, 64) }
}

function tableWorks(snapshot: OpenedSnapshot, plan: RestorePlan): TableWork[] {
  return plan.tables.flatMap(place => {
    const table = snapshot.manifest.tables[place]
    if (!table) return []
    const waiting = loadsOf(table)
    const indexes = plan.statements.filter(
      ({ stage, table: of }) => stage === 'indexes' && of === place,
    )
    const bytesLeft = waiting.reduce((sum, { bytes }) => sum + bytes, 0)
    return [{ table, waiting, running: 0, bytesLeft, indexes }]
  })
}

function loadsOf(table: TableEntry): Load[] {
  const loads: Load[] = []
  let pieces: PieceEntry[] = []
  const close = (): void => {
    if (pieces.length === 0) return
    const sum = (amount: (piece: PieceEntry) => number): number =>
      pieces.reduce((total, piece) => total + amount(piece), 0)
    loads.push({ pieces, rows: sum(({ rows }) => rows), bytes: sum(({ bytes }) => bytes) })
    pieces = []
  }
  let bytes = 0
  for (const piece of table.chunks.flatMap(chunk => chunk.pieces)) {
    if (bytes + piece.bytes > LOAD_BYTES) {
      close()
      bytes = 0
    }
    pieces.push(piece)
    bytes += piece.bytes
  }
  close()
  return loads
}

/** An untouched table if there is one, else the one with most left to help with. */
function nextWork(works: readonly TableWork[]): TableWork | undefined {
  const open = works
    .filter(work => work.waiting.length > 0 || (work.running === 0 && work.indexes.length > 0))
    .sort((a, b) => b.bytesLeft - a.bytesLeft)
  return open.find(({ running }) => running === 0) ?? open[0]
}

/** One load of a table, and its indexes when it was the last. */
async function loadNext(
  access: SnapshotAccess,
  snapshot: OpenedSnapshot,
  work: TableWork,
  writer: LogicalWriterSession,
  progress: Progress,
): Promise<string[]> {
  const { table } = work
  const load = work.waiting.shift()
  work.running += 1
  const warnings: string[] = []
  try {
    if (load) {
      const blocks = fetchPieces(access, snapshot, load.pieces)
      const result = await writer.load(table, load.rows, counted(blocks, progress))
      progress.advance({ items: load.rows })
      work.bytesLeft -= load.bytes
      warnings.push(...result.warnings.map(warning => `${table.schema}.${table.name}: ${warning}`))
    }
    if (work.waiting.length === 0 && work.running === 1) {
      const { indexes } = work
      work.indexes = []
      for (const statement of indexes) await writer.run(statement)
    }
    return warnings
  } finally {
    work.running -= 1
  }
}

async function* counted(
  blocks: AsyncIterable<Buffer>,
  progress: Progress,
): AsyncIterable<Uint8Array> {
  for await (const block of blocks) {
    const bytes = block.length
    yield block
    progress.advance({ bytes })
  }
}
