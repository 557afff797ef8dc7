import { join } from 'node:path'
import type { BenchContext, Benchmark } from './benchmark.ts'
import { measure } from './measure.ts'
import {
  ecomdb,
  FULL_ROWS,
  fillShop,
  loadDataStatement,
  PAGEVIEWS,
  SHOP,
  sampleFolder,
  startBenchServer,
} from './shop-server.ts'

/** Of the full data set, the share that has a million pageviews. */
const MILLION_PAGEVIEWS = 0.4
const FILE = '03.website_pageviews.csv'

/**
 * `ecomdb load` of a million pageviews beside the server's own LOAD DATA LOCAL of the same
 * file into the same table: its indexes, its foreign key, a durable commit.
 */
export const load: Benchmark = {
  name: 'load',
  bar: 2,
  perEngine: true,
  async prepare(whole) {
    const context: BenchContext = { ...whole, rows: Math.round(whole.rows * MILLION_PAGEVIEWS) }
    const bench = await startBenchServer(context, 'load-server')
    await fillShop(bench, context, ['01.products.csv', '02.website_sessions.csv'])
    const file = join(await sampleFolder(context), FILE)
    const statement = await loadDataStatement(file)
    const client = bench.engine.scratchServers.client(bench.server)
    const empty = (): Promise<void> => bench.run(`TRUNCATE TABLE ${SHOP}.website_pageviews`)
    const check = async (): Promise<void> => {
      const wanted = Math.round((PAGEVIEWS * context.rows) / FULL_ROWS)
      const found = await bench.value(`SELECT COUNT(*) FROM ${SHOP}.website_pageviews`)
      if (Number(found) !== wanted) throw new Error(`${found} rows loaded, and not ${wanted}`)
    }
    return {
      peerName: 'LOAD DATA LOCAL INFILE',
      async ours() {
        await empty()
        const options = { env: bench.env, cwd: context.folder, watchMemory: true }
        const measured = await measure(ecomdb, ['load', file], options)
        await check()
        return measured
      },
      async peer() {
        await empty()
        const measured = await measure(client, ['--local-infile=1', SHOP, '-e', statement])
        await check()
        return measured
      },
      close: bench.stop,
    }
  },
}
