import type { Benchmark } from './benchmark.ts'
import { backUp } from './dump.ts'
import { logicalShop } from './shop-server.ts'

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
    const small = await logicalShop(quarter, 'quarter')
    const large = await logicalShop(context)
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
