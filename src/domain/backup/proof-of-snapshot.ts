import type { Attestation } from './attestation.ts'
import type { SnapshotEnvelope } from './envelope.ts'

type Outcome = Pick<Attestation, 'kind' | 'outcome' | 'details'>

/** What an attestation says of its snapshot. */
export function outcomeOfSnapshot(attestation: Outcome): Attestation['outcome'] {
  return failedAtMoment(attestation) ? 'passed' : attestation.outcome
}

/**
 * A drill goes on to a moment of the log only when the snapshot has come back as it was: what then
 * fails is the log's, or that moment's. The drill has failed all the same, and its snapshot has not.
 */
export function failedAtMoment({ kind, outcome, details }: Outcome): boolean {
  return kind === 'drill' && outcome === 'failed' && failOnlyAtMoment(details['checks'])
}

/** @param checks of a drill's report, or what an attestation has of them */
export function failOnlyAtMoment(checks: unknown): boolean {
  if (!Array.isArray(checks)) return false
  const failed = checks.filter(check => check?.outcome === 'failed')
  return failed.length > 0 && failed.every(({ name }) => name === 'moment')
}

/** "drill passed at …": of a snapshot that no proof has found bad. */
export function proofInWords(proof: Attestation): string {
  return failedAtMoment(proof)
    ? `came back in a drill whose moment failed, at ${proof.completedAt}`
    : `${proof.kind} ${proof.outcome} at ${proof.completedAt}`
}

/**
 * The newest verify or drill of a snapshot in one place. What is damaged in another may be whole here.
 *
 * @param attestations oldest first
 * @param copyId of the place; null: the repository that backups go to
 */
export function newestProof(
  snapshotId: string,
  attestations: readonly Attestation[],
  copyId: string | null,
): Attestation | undefined {
  return attestations.findLast(
    one =>
      one.snapshotId === snapshotId && one.kind !== 'accept' && (one.copyId ?? null) === copyId,
  )
}

type Named = Pick<SnapshotEnvelope, 'snapshotId' | 'manifest' | 'objects'>

/**
 * The snapshots that a verify or drill has found bad in one place, and no later one good. Also those that
 * passed before one of their files was found damaged at another snapshot: what did not change is stored once.
 *
 * @param snapshots all that are there
 * @param attestations oldest first
 * @param copyId of the place; null: the repository that backups go to
 * @returns their ids. No moment is restored from them, unless somebody names one
 */
export function foundBad(
  snapshots: readonly Named[],
  attestations: readonly Attestation[],
  copyId: string | null,
): ReadonlySet<string> {
  const here = attestations.filter(one => one.kind !== 'accept' && (one.copyId ?? null) === copyId)
  const damaged = damagedFiles(snapshots, here)
  const provedAt = new Map(here.map(({ snapshotId }, at) => [snapshotId, at]))
  const isBad = (snapshot: Named): boolean => {
    const at = provedAt.get(snapshot.snapshotId) ?? -1
    const proof = here[at]
    if (proof && outcomeOfSnapshot(proof) === 'failed') return true
    return damaged.size > 0 && filesOf(snapshot).some(path => (damaged.get(path) ?? -1) > at)
  }
  return new Set(snapshots.filter(isBad).map(({ snapshotId }) => snapshotId))
}

/**
 * File -> which of the attestations found it damaged last. A later verify that passed has read every byte of
 * the files again; a drill only what its own snapshot needs of them.
 */
function damagedFiles(
  snapshots: readonly Named[],
  here: readonly Attestation[],
): ReadonlyMap<string, number> {
  const byId = new Map(snapshots.map(one => [one.snapshotId, one]))
  const damaged = new Map<string, number>()
  for (const [at, { snapshotId, kind, outcome, damaged: found }] of here.entries()) {
    for (const { path } of found) damaged.set(path, at)
    const read = byId.get(snapshotId)
    if (damaged.size === 0 || !read || kind !== 'verify' || outcome !== 'passed') continue
    for (const path of filesOf(read)) damaged.delete(path)
  }
  return damaged
}

const filesOf = ({ manifest, objects }: Named): string[] => [
  manifest.path,
  ...objects.map(({ path }) => path),
]
