import { EcomdbError } from '#core/errors'
import { throwIfInterrupted } from '#core/interruption'
import type { Progress } from '#core/progress'
import { MIB } from '#core/units'
import { type ChunkRange, knownRowBytes, planChunks } from '#domain/backup/chunk-plan'
import type { ChunkEntry, TableEntry } from '#domain/backup/manifest'
import { readingOrder } from '#domain/backup/reading-order'
import { planSpans, type Span } from '#domain/backup/span-plan'
import {
  type CatalogTable,
  type ConsistentPoint,
  readsSpans,
  WHOLE_TABLE,
} from '#engine/logical-reader'
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
  /** COUNT(*) at the point; null where one statement reads all of it. */
  rows: number | null
  step: string | null
  ranges: readonly ChunkRange[]
  chunks: (Promise<ChunkEntry> | undefined)[]
}

interface Job extends Span {
  planned: Planned
}

export interface StoredTables {
  tables: TableEntry[]
  /** New objects, their stored bytes, and objects of earlier snapshots used again. */
  stored: StoreContext['stored']
}

/**
 * Reads every table's rows at the point, on all readers, and stores them chunk by chunk.
 *
 * @throws EcomdbError NOT_CONSISTENT when the rows are not as many as the server counts
 */
export async function storeTables(
  point: ConsistentPoint,
  writer: SnapshotWriter,
  progress: Progress,
): Promise<StoredTables> {
  const stored = { objects: 0, bytes: 0, reused: 0 }
  const context = { writer, progress, storing: new Limiter(BYTES_STORING), stored }
  const { tables } = point.catalog
  // Someone may be waiting to write to these.
  const first = tables.filter(table => point.held.includes(table))
  const rest = tables.filter(table => !point.held.includes(table))
  const planned = await readTables(point, first, context)
  await point.release()
  for (const [table, plan] of await readTables(point, rest, context)) planned.set(table, plan)
  const entries = await Promise.all(tables.map(table => entryOf(planned.get(table))))
  return { tables: entries, stored }
}

/** Reads these tables on all readers. */
async function readTables(
  point: ConsistentPoint,
  tables: readonly CatalogTable[],
  context: StoreContext,
): Promise<Map<CatalogTable, Planned>> {
  const unplanned = readingOrder(tables, point.consistentAt).reverse()
  const left = { bytes: tables.reduce((sum, { estimate }) => sum + estimate.bytes, 0) }
  const planned = new Map<CatalogTable, Planned>()
  const jobs: Job[] = []
  const failed = new AbortController()
  const work = async (): Promise<void> => {
    while (!failed.signal.aborted) {
      throwIfInterrupted()
      const job = jobs.shift()
      if (job) await storeSpan(point, job, context, left)
      else {
        const table = unplanned.pop()
        if (!table) return
        const plan = await planTable(point, context.writer, table, left.bytes)
        planned.set(table, plan.planned)
        jobs.push(...plan.spans.map(span => ({ ...span, planned: plan.planned })))
      }
    }
  }
  await allOrFirstFailure(Array.from({ length: point.readers }, work), () => failed.abort())
  return planned
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
  leftBytes: number,
): Promise<{ planned: Planned; spans: Span[] }> {
  const bounds = await point.keyBounds(table)
  const id = writer.tableId(table.schema, table.name)
  const parent = writer.parent?.tables.find(one => one.id === id)
  // A table without transactions knows its bytes, and is not to be read for long.
  const held = point.held.includes(table)
  const { bytes, rows: guessed } = table.estimate
  const known = held ? bytes / Math.max(1, guessed) : knownRowBytes(parent, table.estimate)
  const { step, ranges } = planChunks({
    bounds,
    rows: Math.max(table.estimate.rows, parent?.rows ?? 0),
    rowBytes: known ?? (bounds === null ? null : await point.sampleRowBytes(table)) ?? 1,
    parentStep: parent?.chunkStep ?? null,
  })
  const { readers } = point
  const spans = readsSpans(table)
    ? planSpans({ ranges: ranges.length, bytes: table.estimate.bytes, leftBytes, readers })
    : ranges.map((_, index) => ({ first: index, end: index + 1 }))
  const rows = spans.length > 1 ? await point.countRows(table) : null
  return { planned: { table, rows, step, ranges, chunks: ranges.map(() => undefined) }, spans }
}

/** Reads the span's ranges by one statement, and waits until all of them are durable. */
async function storeSpan(
  point: ConsistentPoint,
  { planned, first, end }: Job,
  context: StoreContext,
  left: { bytes: number },
): Promise<void> {
  const { table, ranges, chunks } = planned
  const open: PieceWriter[] = []
  let index = first
  try {
    for await (const rows of point.readPacked(table, ranges.slice(first, end), PIECE_BYTES)) {
      const pieces = open[index - first] ?? new PieceWriter(context, table.key === null)
      open[index - first] = pieces
      await pieces.add(rows)
      if (rows.kind !== 'end') continue
      const chunk = pieces.finish(ranges[index] ?? WHOLE_TABLE)
      chunk.catch(() => {})
      chunks[index] = chunk
      left.bytes -= table.estimate.bytes / ranges.length
      index += 1
    }
    await Promise.all(chunks.slice(first, end))
  } finally {
    await Promise.all(open.map(pieces => pieces.settle()))
  }
}

async function entryOf(planned: Planned | undefined): Promise<TableEntry> {
  if (!planned) throw new Error('a table was not read')
  const { table, rows: counted, step } = planned
  const chunks = (await Promise.all(planned.chunks)).filter(chunk => chunk !== undefined)
  const rows = chunks.reduce((sum, chunk) => sum + chunk.rows, 0)
  if (rows !== (counted ?? rows) || chunks.length !== planned.ranges.length) {
    throw new EcomdbError('NOT_CONSISTENT', {
      what: `table ${table.schema}.${table.name} was not read as it is`,
      why: `its ${chunks.length} chunks have ${rows} rows, and COUNT(*) in the same snapshot is ${counted}`,
      hints: ['run CHECK TABLE on it: an index may be damaged', 'run the backup again'],
      again: false,
    })
  }
  const { schema, name, create, storageEngine, key, columns, history, statistics } = table
  return {
    ...{ schema, name, create, storageEngine, rows, key, columns, chunks, chunkStep: step },
    ...(statistics ? { statistics } : {}),
    ...(history ? { history } : {}),
  }
}
