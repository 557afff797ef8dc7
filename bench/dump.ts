import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Benchmark } from './benchmark.ts'
import { type Measured, measure } from './measure.ts'
import { dumpName, findDumpPeer } from './peer-dump.ts'
import { type BenchServer, ecomdb, freshRepository, logicalShop, SHOP } from './shop-server.ts'

/**
 * `ecomdb backup logical` of the whole shop into an empty repository, beside the engine's
 * own dump program piped through zstd and age.
 */
export const dump: Benchmark = {
  name: 'dump',
  bar: 0.5,
  perEngine: true,
  async prepare(context) {
    const { bench, folder } = await logicalShop(context)
    const peer = findDumpPeer(bench.engine)
    const file = join(context.folder, 'peer.sql.zst.age')
    const missing = typeof peer === 'string' ? peer : null
    const recipients = await recipientsIn(folder)
    return {
      peerName: dumpName(context.family),
      ...(missing ? { peerMissing: missing } : {}),
      ours: () => backUp(bench, folder),
      peer: typeof peer === 'string' ? null : () => measure(...peer.dump(bench, recipients, file)),
      close: bench.stop,
    }
  },
}

/** One backup into a repository that was empty before. */
export async function backUp(bench: BenchServer, folder: string): Promise<Measured> {
  await freshRepository(bench, folder)
  return await backUpRows(bench, folder)
}

/** One backup into the repository as it is. */
export async function backUpRows(bench: BenchServer, folder: string): Promise<Measured> {
  const config = join(folder, 'ecomdb.yaml')
  const args = ['backup', 'logical', '--databases', SHOP, '-c', config, '--json']
  return await measure(ecomdb, args, { env: bench.env, watchMemory: true })
}

/** The public keys that ours encrypts to, so that the peer does the same work. */
export async function recipientsIn(folder: string): Promise<string[]> {
  const text = await readFile(join(folder, 'ecomdb.yaml'), 'utf8')
  return [...text.matchAll(/\bage1[0-9a-z]+\b/g)].map(([key]) => key)
}
