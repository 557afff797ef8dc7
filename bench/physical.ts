import { join } from 'node:path'
import { MIB } from '#core/units'
import type { BenchContext, Benchmark } from './benchmark.ts'
import { recipientsIn } from './dump.ts'
import { type Measured, measure } from './measure.ts'
import { fileBytes, findPhysicalPeer, PHYSICAL_PEER_NAME } from './peer-physical.ts'
import {
  type BenchServer,
  type BenchShop,
  ecomdb,
  freshRepository,
  logicalShop,
} from './shop-server.ts'

/**
 * `ecomdb backup physical` of the whole server into an empty repository, beside the engine's
 * own copy piped through zstd and age. Ours also asks MySQL's clone for its position, which
 * takes a server that starts on it. What both have stored is reported beside.
 */
export const physical: Benchmark = {
  name: 'physical',
  bar: { mariadb: 1.1, mysql: 0.8 },
  perEngine: true,
  async prepare(context) {
    const { bench, folder } = await physicalShop(context)
    const peer = findPhysicalPeer(bench.engine, context.folder)
    const file = join(context.folder, 'peer.age')
    const stored = { ours: 0, peer: 0 }
    return {
      peerName: PHYSICAL_PEER_NAME[context.family],
      ...(typeof peer === 'string' ? { peerMissing: peer } : {}),
      ours: async () => {
        await freshRepository(bench, folder)
        const measured = await backUpFiles(bench, folder)
        stored.ours = storedBytes(measured) / MIB
        return measured
      },
      peer:
        typeof peer === 'string'
          ? null
          : async () => {
              const measured = await peer.backUp(bench, await recipientsIn(folder), file)
              stored.peer = (await fileBytes(file)) / MIB
              return measured
            },
      beside: async () => ({ 'ours MiB': stored.ours, 'peer MiB': stored.peer }),
      close: bench.stop,
    }
  },
}

/** A filled server, and a folder with a configuration for it. */
export async function physicalShop(context: BenchContext): Promise<BenchShop> {
  const shop = await logicalShop(context)
  if (context.family === 'mysql') await installClone(shop.bench)
  return shop
}

/** One backup into the repository as it is. */
export async function backUpFiles(bench: BenchServer, folder: string): Promise<Measured> {
  const args = ['backup', 'physical', '-c', join(folder, 'ecomdb.yaml'), '--json']
  return await measure(ecomdb, args, { env: bench.env, watchMemory: true })
}

export function storedBytes({ stdout }: Measured): number {
  return JSON.parse(stdout).result.stored.bytes
}

async function installClone({ run, value }: BenchServer): Promise<void> {
  const found = await value(
    "SELECT COUNT(*) FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'clone'",
  )
  if (found === '0') await run("INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
}
