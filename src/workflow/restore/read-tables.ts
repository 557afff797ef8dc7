import { createHash } from 'node:crypto'
import type { Progress } from '#core/progress'
import { addRowSums, formatRowSum } from '#domain/backup/row-sum'
import type { Engine } from '#engine/engine'
import { type CatalogTable, type RowReader, WHOLE_TABLE } from '#engine/logical-reader'
import type { ConnectOptions } from '#engine/session'

export interface ReadTables {
  rows: number
  /** TSV bytes. */
  bytes: number
  /** Hex SHA-256 over schema, name, rows and hash of every table, in the order of their names. */
  sha256: string
}

interface ReadTable {
  label: string
  rows: number
  bytes: number
  hash: string
}

/**
 * Reads every row of these tables.
 * @throws EcomdbError SERVER_REFUSED, SERVER_LOST: a table cannot be read
 */
export async function readTables(
  engine: Engine,
  connect: ConnectOptions,
  tables: readonly CatalogTable[],
  readers: number,
  progress: Progress,
): Promise<ReadTables> {
  progress.total({ items: tables.reduce((sum, { estimate }) => sum + estimate.rows, 0) })
  const reader = await engine.logicalReader.openQuiet({ connect, readers })
  try {
    const waiting = tables.toSorted((a, b) => b.estimate.bytes - a.estimate.bytes)
    const read: ReadTable[] = []
    const lane = async (): Promise<void> => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        read.push(await readTable(reader, next, progress))
      }
    }
    const ended = await Promise.allSettled(
      Array.from({ length: reader.readers }, () => lane().finally(() => waiting.splice(0))),
    )
    for (const one of ended) if (one.status === 'rejected') throw one.reason
    return sumOf(read)
  } finally {
    await reader.close()
  }
}

async function readTable(
  reader: RowReader,
  table: CatalogTable,
  progress: Progress,
): Promise<ReadTable> {
  const hash = createHash('sha256')
  let sum = 0n
  let rows = 0
  let bytes = 0
  for await (const block of reader.readChunk(table, WHOLE_TABLE)) {
    if (block.rowSum === null) hash.update(block.bytes)
    else sum = addRowSums(sum, block.rowSum)
    rows += block.rows
    bytes += block.bytes.length
    progress.advance({ bytes: block.bytes.length, items: block.rows })
    block.release()
  }
  const value = table.key === null ? formatRowSum(sum) : hash.digest('hex')
  return { label: `${table.schema}\0${table.name}`, rows, bytes, hash: value }
}

function sumOf(tables: readonly ReadTable[]): ReadTables {
  const hash = createHash('sha256')
  for (const { label, rows, hash: own } of tables.toSorted((a, b) =>
    a.label < b.label ? -1 : 1,
  )) {
    hash.update(`${label}\0${rows}\0${own}\n`)
  }
  return {
    rows: tables.reduce((sum, table) => sum + table.rows, 0),
    bytes: tables.reduce((sum, table) => sum + table.bytes, 0),
    sha256: hash.digest('hex'),
  }
}
