import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Benchmark } from './benchmark.ts'
import { recipientsIn } from './dump.ts'
import { measure } from './measure.ts'
import { findPhysicalPeer, identityIn } from './peer-physical.ts'
import { backUpFiles, physicalShop } from './physical.ts'
import { ecomdb } from './shop-server.ts'

/**
 * `ecomdb restore --data-dir` beside age, zstd and the engine's own unpacking; prepared on both
 * sides where the engine does that (MariaDB). Ours also checks every block and every page.
 */
export const physicalRestore: Benchmark = {
  name: 'physical-restore',
  bar: 0.8,
  perEngine: true,
  async prepare(context) {
    const { bench, folder } = await physicalShop(context)
    const peer = findPhysicalPeer(bench.engine, context.folder)
    const file = join(context.folder, 'peer.age')
    context.say('backing up')
    await backUpFiles(bench, folder)
    if (typeof peer !== 'string') await peer.backUp(bench, await recipientsIn(folder), file)
    const identity = await identityIn(folder)
    const into = {
      ours: join(context.folder, 'restored-files'),
      peer: join(context.folder, 'unpacked'),
    }
    const unpack = context.family === 'mariadb' ? 'mbstream, then --prepare' : 'tar'
    return {
      peerName: `age -d | zstd -d | ${unpack}`,
      ...(typeof peer === 'string' ? { peerMissing: peer } : {}),
      ours: async () => {
        await rm(into.ours, { recursive: true, force: true })
        const what = ['restore', 'latest', '--data-dir', into.ours]
        const args = [...what, '-c', join(folder, 'ecomdb.yaml'), '--json']
        return await measure(ecomdb, args, { env: bench.env, watchMemory: true })
      },
      peer: typeof peer === 'string' ? null : () => peer.restore(identity, file, into.peer),
      close: bench.stop,
    }
  },
}
