import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { BenchContext, Benchmark } from './benchmark.ts'
import { backUpRows } from './dump.ts'
import { secondOf } from './second-physical.ts'
import {
  ALL_FILES,
  type BenchServer,
  fillShop,
  freshRepository,
  startBenchServer,
} from './shop-server.ts'

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

async function logicalShop(context: BenchContext): Promise<{ bench: BenchServer; folder: string }> {
  const bench = await startBenchServer(context, 'server')
  await fillShop(bench, context, ALL_FILES)
  const folder = join(context.folder, 'ours')
  await mkdir(folder, { recursive: true })
  await freshRepository(bench, folder)
  return { bench, folder }
}
