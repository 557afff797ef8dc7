import { EcomdbError } from '#core/errors'
import { throwIfInterrupted } from '#core/interruption'
import type { Progress } from '#core/progress'
import { MIB } from '#core/units'
import { type ChunkRange, planChunks, rowBytes } from '#domain/backup/chunk-plan'
import type { ChunkEntry, TableEntry } from '#domain/backup/manifest'
import type { CatalogTable, ConsistentPoint } from '#engine/logical-reader'
import type { SnapshotWriter } from '#repository/repository'
import { Limiter } from './limiter.ts'
import { PIECE_BYTES, PieceWriter, type StoreContext } from './piece-writer.ts'

/**
 * Packed bytes of the pieces that may be encrypted and written at a time. Flushing a piece
 * to the disk takes many times as long as writing it, so a good number wait for that at once.
 */
const BYTES_STORING = 48 * MIB

/** A table whose chunks are known. */
interface Planned {
  table: CatalogTable
  rows: number
  step: string | null
  ranges: readonly ChunkRange[]
  chunks: (ChunkEntry | undefined)[]
}

interface Job {
  planned: Planned
  index: number
}

export interface StoredTables {
  tables: TableEntry[]
  /** New objects, their stored bytes, and objects of earlier snapshots used again. */
  stored: StoreContext['stored']
}

/**
 * Reads every table's rows at the point, chunk by chunk on all readers, and stores them.
 *
 * @throws EcomdbError NOT_CONSISTENT when the chunks' rows are not those of COUNT(*)
 */
export async function storeTables(
  point: ConsistentPoint,
  writer: SnapshotWriter,
  progress: Progress,
): Promise<StoredTables> {
  const context: StoreContext = {
    writer,
    progress,
    storing: new Limiter(BYTES_STORING),
    stored: { objects: 0, bytes: 0, reused: 0 },
  }
  const { tables } = point.catalog
  // The largest first, so that the readers end together.
  const unplanned = tables.toSorted((a, b) => a.estimate.bytes - b.estimate.bytes)
  const planned = new Map<CatalogTable, Planned>()
  const jobs: Job[] = []
  const failed = new AbortController()
  const work = async (): Promise<void> => {
    while (!failed.signal.aborted) {
      throwIfInterrupted()
      const job = jobs.shift()
      if (job) await storeChunk(point, job, context)
      else {
        const table = unplanned.pop()
        if (!table) return
        const plan = await planTable(point, writer, table)
        planned.set(table, plan)
        jobs.push(...plan.ranges.map((_, index) => ({ planned: plan, index })))
      }
    }
  }
  await allOrFirstFailure(Array.from({ length: point.readers }, work), () => failed.abort())
  return { tables: tables.map(table => entryOf(planned.get(table))), stored: context.stored }
}

/** Waits for all of them, also after a failure, so that nothing is still at work then. */
async function allOrFirstFailure(work: Promise<void>[], onFailure: () => void): Promise<void> {
  for (const one of work) one.catch(onFailure)
  const outcomes = await Promise.allSettled(work)
  const failure = outcomes.find(outcome => outcome.status === 'rejected')
  if (failure) throw failure.reason
}

async function planTable(
  point: ConsistentPoint,
  writer: SnapshotWriter,
  table: CatalogTable,
): Promise<Planned> {
  const rows = await point.countRows(table)
  const bounds = await point.keyBounds(table)
  const id = writer.tableId(table.schema, table.name)
  const parent = writer.parent?.tables.find(one => one.id === id)
  const { step, ranges } = planChunks({
    bounds,
    rows,
    rowBytes: rowBytes(parent, table.estimate),
    parentStep: parent?.chunkStep ?? null,
  })
  return { table, rows, step, ranges, chunks: ranges.map(() => undefined) }
}

async function storeChunk(
  point: ConsistentPoint,
  { planned, index }: Job,
  context: StoreContext,
): Promise<void> {
  const { table } = planned
  const range = planned.ranges[index] ?? { from: null, to: null }
  const pieces = new PieceWriter(context, table.key === null)
  try {
    for await (const rows of point.readPacked(table, range, PIECE_BYTES)) await pieces.add(rows)
    planned.chunks[index] = await pieces.finish(range)
  } finally {
    await pieces.settle()
  }
}

function entryOf(planned: Planned | undefined): TableEntry {
  if (!planned) throw new Error('a table was not read')
  const { table, rows, step } = planned
  const chunks = planned.chunks.filter(chunk => chunk !== undefined)
  const read = chunks.reduce((sum, chunk) => sum + chunk.rows, 0)
  if (read !== rows || chunks.length !== planned.ranges.length) {
    throw new EcomdbError('NOT_CONSISTENT', {
      what: `table ${table.schema}.${table.name} was not read as it is`,
      why: `its ${chunks.length} chunks have ${read} rows, and COUNT(*) in the same snapshot is ${rows}`,
      hints: ['run CHECK TABLE on it: an index may be damaged', 'run the backup again'],
    })
  }
  const { schema, name, create, storageEngine, key, columns } = table
  return { schema, name, create, storageEngine, rows, key, columns, chunks, chunkStep: step }
}
