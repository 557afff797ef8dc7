import type { Attestation } from './attestation.ts'

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

/** Did the newest proof of it fail? No moment is restored from it, unless somebody names it. */
export function isFoundBad(...of: Parameters<typeof newestProof>): boolean {
  const proof = newestProof(...of)
  return proof !== undefined && outcomeOfSnapshot(proof) === 'failed'
}
