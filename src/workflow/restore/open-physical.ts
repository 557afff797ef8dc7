import { EcomdbError } from '#core/errors'
import type { Progress } from '#core/progress'
import type { SnapshotEnvelope } from '#domain/backup/envelope'
import type { PhysicalManifest } from '#domain/backup/physical-manifest'
import { inProgramsZone } from '#domain/backup/zone-of-source'
import type { SnapshotAccess } from './open-snapshot.ts'

export interface PhysicalLayer {
  envelope: SnapshotEnvelope
  manifest: PhysicalManifest
}

/**
 * The snapshot and all that it builds on: the full one first. Each increment names its base by
 * the hash of the base's envelope, and begins at the log sequence number where the base ends.
 *
 * @throws EcomdbError SNAPSHOT_NOT_FOUND, SIGNATURE_INVALID, WRONG_IDENTITY, OBJECT_DAMAGED
 */
export async function openChain(
  { repository, trustedSigners, identities, programsZone }: SnapshotAccess,
  envelope: SnapshotEnvelope,
): Promise<PhysicalLayer[]> {
  const stored = await repository.readPhysicalManifest(envelope, identities)
  const manifest = inProgramsZone(stored, programsZone)
  const layers = [{ envelope, manifest }]
  for (let first = layers[0]; first?.manifest.base; first = layers[0]) {
    const { snapshotId, sha256 } = first.manifest.base
    const base = await repository.readBase(snapshotId, trustedSigners)
    const broken = (why: string): EcomdbError => brokenChain(envelope, snapshotId, why)
    if (base.sha256 !== sha256) throw broken('its envelope is not the one that was built on')
    if (base.envelope.method !== 'physical') throw broken('it is no physical snapshot')
    if (layers.some(layer => layer.envelope.snapshotId === snapshotId)) throw broken('a circle')
    const below = await repository.readPhysicalManifest(base.envelope, identities)
    if (below.lsn?.to !== first.manifest.lsn?.from) throw broken('the log has a gap after it')
    layers.unshift({ envelope: base.envelope, manifest: below })
  }
  return layers
}

/** What the files lack, as the backup said: whoever restores them years later was not there. */
export function warnOfLacks(layers: readonly PhysicalLayer[], progress: Progress): void {
  for (const finding of layers.at(-1)?.manifest.findings ?? [])
    progress.warn(`as of the backup: ${finding}`)
}

function brokenChain({ snapshotId }: SnapshotEnvelope, base: string, why: string): EcomdbError {
  return new EcomdbError('OBJECT_DAMAGED', {
    what: `the incremental snapshot ${snapshotId} cannot be built on ${base}`,
    why,
    hints: ['use another copy of the repository, or restore an earlier snapshot'],
  })
}
