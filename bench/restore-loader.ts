import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { BenchContext, Benchmark } from './benchmark.ts'
import { backUp } from './dump.ts'
import { measure } from './measure.ts'
import { findLoaderPeer, type LoaderPeer } from './peer-loader.ts'
import { restoreOurs } from './restore.ts'
import { ALL_FILES, fillShop, SHOP, startBenchServer } from './shop-server.ts'

/**
 * `ecomdb restore` of the whole shop into an empty server, without its read-back, beside myloader
 * with two threads, which has neither to decrypt nor to decompress.
 */
export const restoreLoader: Benchmark = {
  name: 'restore-loader',
  bar: 0.6,
  perEngine: true,
  async prepare(context) {
    const ours = join(context.folder, 'ours')
    const files = join(context.folder, 'mydumper')
    await mkdir(ours, { recursive: true })
    const peer = findLoaderPeer()
    await backUpBoth(context, ours, files, peer)
    const bench = await startBenchServer(context, 'restored')
    const readBacks: number[] = []
    const empty = (): Promise<void> => bench.run(`DROP DATABASE IF EXISTS ${SHOP}`)
    return {
      peerName: 'myloader --threads 2, of plain files',
      ...(typeof peer === 'string' ? { peerMissing: peer } : {}),
      ours: () => restoreOurs(bench, ours, readBacks),
      peer:
        typeof peer === 'string'
          ? null
          : async () => {
              await empty()
              const measured = await measure(...peer.restore(bench, files))
              const rows = await bench.value(`SELECT COUNT(*) FROM ${SHOP}.website_pageviews`)
              if (Number(rows) === 0) throw new Error('myloader has loaded nothing')
              return measured
            },
      beside: async () => ({ readBack: Math.max(...readBacks) }),
      close: bench.stop,
    }
  },
}

async function backUpBoth(
  context: BenchContext,
  ours: string,
  files: string,
  peer: LoaderPeer | string,
): Promise<void> {
  const source = await startBenchServer(context, 'server')
  try {
    await fillShop(source, context, ALL_FILES)
    context.say('backing up')
    await backUp(source, ours)
    await rm(files, { recursive: true, force: true })
    if (typeof peer !== 'string') await measure(...peer.dump(source, files))
  } finally {
    await source.stop()
  }
}
