import type { KeysConfig } from '#config/config'
import type { Manifest } from '#domain/backup/manifest'
import type { ShownSnapshot, SnapshotContent } from '#domain/backup/repository-report'
import { openRepository } from '#repository/repository'
import type { Target } from '#target/target'
import { identitiesAtHand } from './keys-at-hand.ts'
import { summarize } from './list-snapshots.ts'

/**
 * `ecomdb backup show`: what the envelope says and, with an identity, what is inside.
 * @param identityNeeded an identity that cannot be read is an error; else the envelope is shown
 */
export async function showSnapshot(
  target: Target,
  name: string,
  keys: KeysConfig,
  identityNeeded: boolean,
): Promise<ShownSnapshot> {
  const { trustedSigners } = keys
  const identities = await identitiesAtHand(keys, identityNeeded)
  const repository = await openRepository(target)
  const envelope = await repository.readEnvelope(name, trustedSigners)
  const { snapshots } = await repository.listSnapshots(trustedSigners)
  const { attestations } = await repository.listAttestations(trustedSigners, envelope.snapshotId)
  const seen = new Set<string>()
  for (const earlier of snapshots) {
    if (earlier.snapshotId === envelope.snapshotId) break
    summarize(earlier, [], seen)
  }
  return {
    summary: summarize(envelope, attestations, seen),
    envelope: { ...envelope, objects: envelope.objects.length },
    attestations,
    content:
      identities.length > 0 ? contentOf(await repository.readManifest(envelope, identities)) : null,
  }
}

function contentOf(manifest: Manifest): SnapshotContent {
  return {
    position: manifest.position,
    proof: manifest.proof,
    databases: manifest.databases.map(({ name }) => name),
    tables: manifest.tables.map(({ schema, name, rows, chunks }) => ({
      schema,
      name,
      rows,
      bytes: chunks.reduce((sum, chunk) => sum + chunk.bytes, 0),
      pieces: chunks.reduce((sum, chunk) => sum + chunk.pieces.length, 0),
    })),
    programs: manifest.programs.map(({ kind, schema, name }) => ({ kind, schema, name })),
    accounts: manifest.accounts.map(({ kind, user, host }) =>
      kind === 'role' && host === '' ? user : `'${user}'@'${host}'`,
    ),
  }
}
