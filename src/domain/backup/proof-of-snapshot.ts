import type { Attestation } from './attestation.ts'

/**
 * What an attestation says of its snapshot. A drill goes on to a moment of the log only when the
 * snapshot has come back as it was: what then fails is the log's, or that moment's, and the drill's
 * own outcome tells of it.
 */
export function outcomeOfSnapshot({
  kind,
  outcome,
  details,
}: Pick<Attestation, 'kind' | 'outcome' | 'details'>): Attestation['outcome'] {
  const { checks } = details
  if (kind !== 'drill' || outcome !== 'failed' || !Array.isArray(checks)) return outcome
  const failed = checks.filter(check => check?.outcome === 'failed')
  return failed.length > 0 && failed.every(({ name }) => name === 'moment') ? 'passed' : 'failed'
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

/** Did the newest proof of it fail? No moment is restored from it, unless somebody names it. */
export function isFoundBad(...of: Parameters<typeof newestProof>): boolean {
  const proof = newestProof(...of)
  return proof !== undefined && outcomeOfSnapshot(proof) === 'failed'
}
