import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { BenchContext, Benchmark } from './benchmark.ts'
import { backUp } from './dump.ts'
import {
  ALL_FILES,
  type BenchServer,
  fillShop,
  freshRepository,
  startBenchServer,
} from './shop-server.ts'

const TIMES = 4

/**
 * `ecomdb backup logical` of so many rows, beside a quarter of them: what it takes must not grow
 * faster than the rows, and its memory not at all.
 */
export const growth: Benchmark = {
  name: 'growth',
  bar: 4.4,
  perEngine: true,
  async prepare(context) {
    const quarter = { ...context, rows: Math.round(context.rows / TIMES) }
    const small = await filled(quarter, 'quarter')
    const large = await filled(context, 'server')
    return {
      peerName: 'a quarter of the rows',
      ours: () => backUp(large.bench, large.folder),
      peer: () => backUp(small.bench, small.folder),
      close: async () => {
        await small.bench.stop()
        await large.bench.stop()
      },
    }
  },
}

async function filled(
  context: BenchContext,
  name: string,
): Promise<{ bench: BenchServer; folder: string }> {
  const bench = await startBenchServer(context, name)
  await fillShop(bench, context, ALL_FILES)
  const folder = join(context.folder, `ours-${name}`)
  await mkdir(folder, { recursive: true })
  await freshRepository(bench, folder)
  return { bench, folder }
}
