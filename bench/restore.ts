import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { BenchContext, Benchmark, Contest } from './benchmark.ts'
import { backUp, recipientsIn } from './dump.ts'
import { type Measured, measure } from './measure.ts'
import { dumpName, findDumpPeer, type Peer } from './peer-dump.ts'
import {
  ALL_FILES,
  type BenchServer,
  ecomdb,
  fillShop,
  SHOP,
  startBenchServer,
} from './shop-server.ts'

/**
 * `ecomdb restore` of the whole shop into an empty server, without its read-back, beside
 * age, zstd and the client; no binary log on either side. The read-back, which the peer
 * does not have, is reported beside it.
 */
export const restore: Benchmark = {
  name: 'restore',
  bar: 0.3,
  perEngine: true,
  async prepare(context) {
    const folder = join(context.folder, 'ours')
    await mkdir(folder, { recursive: true })
    const file = join(context.folder, 'peer.sql.zst.age')
    const peer = await makeBackups(context, folder, file)
    const bench = await startBenchServer(context, 'restored')
    const readBacks: number[] = []
    return {
      peerName: `age -d | zstd -d | client, of ${dumpName(context.family)}`,
      ...(typeof peer === 'string' ? { peerMissing: peer } : {}),
      ours: () => restoreOurs(bench, folder, readBacks),
      peer: typeof peer === 'string' ? null : await restorePeer(bench, folder, file, peer),
      beside: async () => ({ readBack: Math.max(...readBacks) }),
      close: bench.stop,
    }
  },
}

/** Both sides' backups of one and the same shop. */
async function makeBackups(
  context: BenchContext,
  folder: string,
  file: string,
): Promise<Peer | string> {
  const source = await startBenchServer(context, 'server')
  try {
    await fillShop(source, context, ALL_FILES)
    context.say('backing up')
    await backUp(source, folder)
    const peer = findDumpPeer(source.engine)
    if (typeof peer !== 'string') {
      await measure(...peer.dump(source, await recipientsIn(folder), file))
    }
    return peer
  } finally {
    await source.stop()
  }
}

/** Without the time of the read-back, which goes to `readBacks`, in seconds. */
export async function restoreOurs(
  bench: BenchServer,
  folder: string,
  readBacks: number[],
): Promise<Measured> {
  await bench.run(`DROP DATABASE IF EXISTS ${SHOP}`)
  const what = ['restore', 'latest', '--databases', SHOP, '--confirm', SHOP, '--no-binlog']
  const args = [...what, '-c', join(folder, 'ecomdb.yaml'), '--json']
  const measured = await measure(ecomdb, args, { env: bench.env, watchMemory: true })
  const { outcome } = JSON.parse(measured.stdout).result
  readBacks.push(outcome.readBackMs / 1000)
  return { ...measured, seconds: measured.seconds - outcome.readBackMs / 1000 }
}

async function restorePeer(
  bench: BenchServer,
  folder: string,
  file: string,
  peer: Peer,
): Promise<Contest['peer']> {
  const keys = join(folder, 'keys')
  const identity = (await readdir(keys)).find(name =>
    /operations.*(key|identity)|identity/.test(name),
  )
  if (!identity) throw new Error(`${keys} holds no identity`)
  return async () => {
    await bench.run(`DROP DATABASE IF EXISTS ${SHOP}`)
    return await measure(...peer.restore(bench, join(keys, identity), file))
  }
}
