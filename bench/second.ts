import type { Benchmark } from './benchmark.ts'
import { backUpRows } from './dump.ts'
import { secondOf } from './second-physical.ts'
import { logicalShop } from './shop-server.ts'

/**
 * Bytes that a second logical backup stores after one row in a hundred was appended, as a part of
 * those that the first one stored.
 */
export const second: Benchmark = {
  name: 'second',
  bar: 0.03,
  unit: 'MiB',
  perEngine: true,
  prepare: async context => secondOf(await logicalShop(context), backUpRows),
}
