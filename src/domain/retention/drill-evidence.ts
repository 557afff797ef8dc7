import type { Attestation } from '../backup/attestation.ts'

/**
 * Who asks whether restores were tried asks about last year too, when the snapshots of it are long gone; and
 * a drill of last week must not become "never drilled" because its snapshot has expired since.
 */
const EVIDENCE_MS = 400 * 86_400_000

/** Does this attestation outlive its snapshot? A drill's does, for 400 days. */
export function isEvidence(
  { kind, completedAt }: Pick<Attestation, 'kind' | 'completedAt'>,
  now: Date,
): boolean {
  return kind === 'drill' && now.getTime() - Date.parse(completedAt) <= EVIDENCE_MS
}
