import { EcomdbError } from '#core/errors'
import type { Secret } from '#core/secret'
import type { SnapshotEnvelope } from '#domain/backup/envelope'
import type { Damage } from '#domain/backup/repository-report'
import type { Repository } from '#repository/repository'
import { openChain } from '../restore/open-physical.ts'
import { readPacks, usedPacks } from '../restore/read-packs.ts'
import { damageOf } from './check-content.ts'

/**
 * Are the snapshots that an incremental one builds on there, and signed? Needs no identity.
 */
export async function checkBases(
  repository: Repository,
  envelope: SnapshotEnvelope,
  trustedSigners: readonly string[],
): Promise<Damage[]> {
  const seen = new Set([envelope.snapshotId])
  for (let base = envelope.base; base && !seen.has(base); ) {
    seen.add(base)
    try {
      base = (await repository.readBase(base, trustedSigners)).envelope.base
    } catch (error) {
      if (!(error instanceof EcomdbError) || !ABOUT_A_BASE.has(error.code)) throw error
      const problem = `this snapshot builds on it: ${error.why ?? error.what}`
      return [{ path: `snapshots/${base}/snapshot.json`, problem, tables: [] }]
    }
  }
  return []
}

const ABOUT_A_BASE: ReadonlySet<string> = new Set([
  'SNAPSHOT_NOT_FOUND',
  'SIGNATURE_INVALID',
  'REPOSITORY_VERSION',
  'UNSUPPORTED',
])

/**
 * Decrypts and decompresses every block of a physical snapshot, and of those that it builds on,
 * and compares it with its hash.
 *
 * @param skip paths that are known to be damaged
 * @param onPack is told the stored bytes of each pack that was read
 * @throws EcomdbError WRONG_IDENTITY
 */
export async function checkFiles(
  repository: Repository,
  envelope: SnapshotEnvelope,
  options: {
    identities: readonly Secret[]
    trustedSigners: readonly string[]
    skip: ReadonlySet<string>
    onPack: (storedBytes: number) => void
  },
): Promise<{ blocks: number; damaged: Damage[] }> {
  const damaged: Damage[] = []
  let blocks = 0
  const layers = await openChain({ repository, ...options }, envelope).catch((error: unknown) => {
    damaged.push(damageOf(envelope.manifest.path, error))
    return []
  })
  for (const layer of layers) {
    const packs = usedPacks(layer.manifest, null).filter(({ path }) => !options.skip.has(path))
    await readPacks({ repository, ...options }, layer, packs, ({ path, frames }, outcome) => {
      if ('error' in outcome) damaged.push(damageOf(path, outcome.error))
      else blocks += frames.length
      options.onPack(layer.envelope.objects.find(one => one.path === path)?.bytes ?? 0)
    })
  }
  return { blocks, damaged }
}
