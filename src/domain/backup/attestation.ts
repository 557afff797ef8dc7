/**
 * A signed statement about one snapshot, written after it was verified or drilled. It is
 * stored beside the snapshot as attestations/<snapshot id>/<attestation id>.json, never
 * changed, and only ever added to (docs/formats.md).
 */
export interface Attestation {
  format: 1
  repositoryId: string
  /** UUIDv7. */
  attestationId: string
  snapshotId: string
  /** Hex SHA-256 of the bytes of snapshots/<id>/snapshot.json: which envelope was looked at. */
  envelopeSha256: string
  /**
   * verify: the repository's bytes were read again. drill: restored and compared. accept: an
   * operator knows of the anomalies that `details` names (src/domain/retention/anomalies.ts).
   */
  kind: 'verify' | 'drill' | 'accept'
  outcome: 'passed' | 'failed'
  /** ISO 8601, UTC. */
  startedAt: string
  completedAt: string
  tool: string
  /** The copy that was looked at; null or missing: the repository that backups go to. */
  copyId?: string | null
  /** Objects that are missing or wrong there. Later backups store these anew. */
  damaged: readonly { path: string; problem: string }[]
  /** What the kind has to tell: verify, how deep; drill, rows, checks, seconds. JSON values. */
  details: Readonly<Record<string, unknown>>
}

/** What the one who attests says; the repository fills in the rest. */
export type AttestationClaim = Omit<
  Attestation,
  'format' | 'repositoryId' | 'attestationId' | 'envelopeSha256' | 'tool' | 'copyId'
>
