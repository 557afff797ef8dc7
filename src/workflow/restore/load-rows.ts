import type { Progress } from '#core/progress'
import { LOAD_BYTES } from '#domain/backup/loads'
import type { PieceEntry, TableEntry } from '#domain/backup/manifest'
import type { RestorePlan, RestoreStatement } from '#domain/backup/restore-plan'
import type { LoadedPieces, LogicalWriterSession } from '#engine/logical-writer'
import { fetchPieces } from './fetch-pieces.ts'
import type { OpenedSnapshot, SnapshotAccess } from './open-snapshot.ts'

/** What making a table's keys costs beside its rows: 2.2 s and 4.7 s for 110 MiB, measured. */
const INDEX_SHARE = 0.5

/** Consecutive pieces of a table that are loaded as one transaction. */
interface Load {
  /** Place of the first among all of the table's pieces. */
  first: number
  pieces: readonly PieceEntry[]
  rows: number
  bytes: number
}

/** A table on its way: what is still to load, and what comes after its last row. */
interface TableWork {
  table: TableEntry
  /** Its place in the manifest. */
  place: number
  waiting: Load[]
  running: number
  bytesLeft: number
  /** Of the whole table: what its keys are made from. */
  bytes: number
  indexes: readonly RestoreStatement[]
}

/** Where rows come from, and which of them are there already. */
export interface RowSource {
  access: SnapshotAccess
  snapshot: OpenedSnapshot
  done: readonly LoadedPieces[]
}

export interface LoadedRows {
  /** Warnings of the server, with the table; at most 64. */
  warnings: string[]
}

/**
 * Loads the rows of all tables on all connections, each table's indexes as soon as its
 * rows are in. A connection takes a table that no other is at, first the one with most left to
 * do, its keys included: nobody can help with a table's keys, so those of the largest must not
 * come last. It only helps with another's table when there is none left: rows of one table in
 * key order fill its pages best.
 */
export async function loadRows(
  source: RowSource,
  plan: RestorePlan,
  writer: LogicalWriterSession,
  progress: Progress,
): Promise<LoadedRows> {
  const works = tableWorks(source, plan)
  const warnings: string[] = []
  let failed = false
  const lane = async (): Promise<void> => {
    for (let work = nextWork(works); work && !failed; work = nextWork(works)) {
      try {
        warnings.push(...(await loadNext(source, work, writer, progress)))
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  // All lanes end before the first error is thrown, so that nothing goes on behind it.
  const ended = await Promise.allSettled(Array.from({ length: writer.writers }, lane))
  for (const one of ended) if (one.status === 'rejected') throw one.reason
  return { warnings: warnings.slice(0, 64) }
}

/** How many rows pieces have that are loaded already. */
export function rowsOf({ manifest }: OpenedSnapshot, done: readonly LoadedPieces[]): number {
  const pieces = done.flatMap(({ table, first, pieces: count }) =>
    piecesOf(manifest.tables[table]).slice(first, first + count),
  )
  return pieces.reduce((sum, { rows }) => sum + rows, 0)
}

const piecesOf = (table: TableEntry | undefined): PieceEntry[] =>
  table?.chunks.flatMap(chunk => chunk.pieces) ?? []

const bytesOf = (table: TableEntry): number =>
  table.chunks.reduce((sum, { bytes }) => sum + bytes, 0)

function tableWorks({ snapshot, done }: RowSource, plan: RestorePlan): TableWork[] {
  return plan.tables.flatMap(place => {
    const table = snapshot.manifest.tables[place]
    if (!table) return []
    const waiting = loadsOf(
      table,
      done.filter(one => one.table === place),
    )
    const indexes = plan.statements.filter(
      ({ stage, table: of }) => stage === 'indexes' && of === place,
    )
    const bytesLeft = waiting.reduce((sum, { bytes }) => sum + bytes, 0)
    return [{ table, place, waiting, running: 0, bytesLeft, bytes: bytesOf(table), indexes }]
  })
}

function loadsOf(table: TableEntry, done: readonly LoadedPieces[]): Load[] {
  const isDone = (at: number): boolean =>
    done.some(({ first, pieces }) => at >= first && at < first + pieces)
  const loads: (Load & { pieces: PieceEntry[] })[] = []
  const enough = equalShare(bytesOf(table))
  for (const [at, piece] of piecesOf(table).entries()) {
    if (isDone(at)) continue
    const last = loads.at(-1)
    const follows = last && last.first + last.pieces.length === at
    if (follows && last.bytes < enough && last.bytes + piece.bytes <= LOAD_BYTES) {
      last.pieces.push(piece)
      last.rows += piece.rows
      last.bytes += piece.bytes
    } else {
      loads.push({ first: at, pieces: [piece], rows: piece.rows, bytes: piece.bytes })
    }
  }
  return loads
}

/** Of so many bytes for one transaction: a small rest would part the keys from their rows. */
const equalShare = (bytes: number): number => bytes / Math.ceil(bytes / LOAD_BYTES)

/** An untouched table if there is one, else the one with most left to help with. */
function nextWork(works: readonly TableWork[]): TableWork | undefined {
  const open = works
    .filter(work => work.waiting.length > 0 || (work.running === 0 && work.indexes.length > 0))
    .sort((a, b) => costLeft(b) - costLeft(a))
  return (
    open.find(({ running }) => running === 0) ?? open.find(({ table }) => !takesKeysInOrder(table))
  )
}

/** A key that is lower than the highest so far is a duplicate one to ARCHIVE (error 1022). */
const takesKeysInOrder = ({ storageEngine }: TableEntry): boolean =>
  storageEngine.toUpperCase() === 'ARCHIVE'

/** In bytes to load, or work as long as theirs. */
function costLeft({ bytesLeft, bytes, indexes }: TableWork): number {
  return bytesLeft + (indexes.length > 0 ? INDEX_SHARE * bytes : 0)
}

/** One load of a table, and its indexes when it was the last. */
async function loadNext(
  { access, snapshot }: RowSource,
  work: TableWork,
  writer: LogicalWriterSession,
  progress: Progress,
): Promise<string[]> {
  const { table, place } = work
  const load = work.waiting.shift()
  work.running += 1
  const warnings: string[] = []
  try {
    if (load) {
      const blocks = fetchPieces(access, snapshot, load.pieces)
      const mark = { table: place, first: load.first, pieces: load.pieces.length }
      const result = await writer.load(table, load.rows, counted(blocks, progress), mark)
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
