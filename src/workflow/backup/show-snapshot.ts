import type { KeysConfig } from '#config/config'
import type { Secret } from '#core/secret'
import type { SnapshotEnvelope } from '#domain/backup/envelope'
import type { Manifest } from '#domain/backup/manifest'
import type { PhysicalManifest } from '#domain/backup/physical-manifest'
import type { FilesContent, ShownSnapshot, SnapshotContent } from '#domain/backup/repository-report'
import { openRepository, type Repository } from '#repository/repository'
import type { Target } from '#target/target'
import { identitiesAtHand } from './keys-at-hand.ts'
import { proofsHere, summarize } from './list-snapshots.ts'

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
  const all = (await repository.listAttestations(trustedSigners)).attestations
  const attestations = all.filter(({ snapshotId }) => snapshotId === envelope.snapshotId)
  const proofs = proofsHere(snapshots, all, await repository.copyId())
  const seen = new Set<string>()
  for (const earlier of snapshots) {
    if (earlier.snapshotId === envelope.snapshotId) break
    summarize(earlier, proofs, seen)
  }
  return {
    summary: summarize(envelope, proofs, seen),
    envelope: { ...envelope, objects: envelope.objects.length },
    attestations,
    ...(await insideOf(repository, envelope, identities)),
  }
}

async function insideOf(
  repository: Repository,
  envelope: SnapshotEnvelope,
  identities: readonly Secret[],
): Promise<Pick<ShownSnapshot, 'content' | 'files'>> {
  if (identities.length === 0) return { content: null, files: null }
  if (envelope.method === 'logical') {
    return { content: contentOf(await repository.readManifest(envelope, identities)), files: null }
  }
  return {
    content: null,
    files: filesOf(await repository.readPhysicalManifest(envelope, identities)),
  }
}

function filesOf(manifest: PhysicalManifest): FilesContent {
  const { position, copiedBy, lockedMs, steps, databases, blocks, packs } = manifest
  const files = manifest.files.filter(({ path }) => !path.endsWith('/'))
  return {
    ...{ position, copiedBy, lockedMs, steps, databases },
    files: files.length,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    blocks: blocks.length,
    packs: packs.length,
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
