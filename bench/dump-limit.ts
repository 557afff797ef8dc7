import { planSpans } from '#domain/backup/span-plan'
import { type KeyRange, WHOLE_TABLE } from '#engine/logical-reader'
import { WireConnection } from '#engine/shared/bulk/wire-connection'
import { selectRows } from '#engine/shared/logical/reader-pool'
import type { Benchmark } from './benchmark.ts'
import { backUp } from './dump.ts'
import { type Measured, measureHere } from './measure.ts'
import { type BenchServer, logicalShop, SHOP } from './shop-server.ts'

const CONNECTIONS = 2

/**
 * `ecomdb backup logical` beside what the server alone takes for the same rows: its statements,
 * on two connections, whose answers are thrown away, in a program that has been started already.
 */
export const dumpLimit: Benchmark = {
  name: 'dump-limit',
  bar: 1.5,
  perEngine: true,
  async prepare(context) {
    const { bench, folder } = await logicalShop(context)
    const statements = await statementsOf(bench)
    return {
      peerName: 'the same rows, read by two connections and thrown away',
      ours: () => backUp(bench, folder),
      peer: () => throwAway(bench, statements),
      close: bench.stop,
    }
  },
}

/** Large tables in parts, so that both connections end together. */
async function statementsOf({ engine, server }: BenchServer): Promise<string[]> {
  const session = await engine.connect(server.administrator)
  try {
    const { tables } = await engine.logicalReader.readCatalog(session, [SHOP])
    const leftBytes = tables.reduce((sum, { estimate }) => sum + estimate.bytes, 0)
    const statements: string[] = []
    for (const table of tables.toSorted((a, b) => b.estimate.bytes - a.estimate.bytes)) {
      const { bytes } = table.estimate
      const parts = planSpans({ ranges: 8, bytes, leftBytes, readers: CONNECTIONS }).length
      const key = table.key?.columns[0]
      const max = await session.value(`SELECT MAX(${key}) FROM ${SHOP}.${table.name}`)
      statements.push(...rangesOf(Number(max ?? 0), parts).map(range => selectRows(table, range)))
    }
    return statements
  } finally {
    await session.close()
  }
}

function rangesOf(max: number, parts: number): KeyRange[] {
  if (parts === 1) return [WHOLE_TABLE]
  const border = (part: number): string | null =>
    part === 0 || part === parts ? null : String(Math.ceil((max * part) / parts))
  return Array.from({ length: parts }, (_, at) => ({ from: border(at), to: border(at + 1) }))
}

async function throwAway(bench: BenchServer, statements: readonly string[]): Promise<Measured> {
  return await measureHere(async () => {
    const waiting = [...statements]
    const lane = async (): Promise<void> => {
      const wire = await WireConnection.open(bench.server.administrator)
      for (let sql = waiting.shift(); sql; sql = waiting.shift()) await read(wire, sql)
      wire.close()
    }
    await Promise.all(Array.from({ length: CONNECTIONS }, lane))
  })
}

async function read(wire: WireConnection, sql: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    wire.query(sql, {
      columns() {},
      row() {},
      part() {},
      end: () => resolve(),
      error: ({ message }) => reject(new Error(message)),
    })
  })
}
