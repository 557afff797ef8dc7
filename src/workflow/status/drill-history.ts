import { type DrillRecord, drillRecords } from '#domain/status/drill-record'
import { refusedAbout } from '#repository/refused-attestations'
import { openRepository } from '#repository/repository'
import type { Target } from '#target/target'

export interface DrillHistory {
  repositoryId: string
  target: string
  /** null: the repository that backups go to. */
  copyId: string | null
  /** Those that have snapshots. */
  servers: string[]
  /** Oldest first. */
  drills: DrillRecord[]
  refused: readonly { name: string; why: string }[]
}

/** `ecomdb drill history`: the signed attestations of every drill; no identity is needed. */
export async function drillHistory(
  target: Target,
  trustedSigners: readonly string[],
): Promise<DrillHistory> {
  const repository = await openRepository(target)
  const listed = await repository.listSnapshots(trustedSigners)
  const attested = await repository.listAttestations(trustedSigners)
  return {
    repositoryId: repository.id,
    target: repository.label,
    copyId: await repository.copyId(),
    servers: [...new Set(listed.snapshots.map(({ sourceId }) => sourceId))],
    drills: drillRecords(attested.attestations, listed.snapshots),
    refused: refusedAbout(attested, listed).map(({ name, error }) => ({
      name,
      why: error.message,
    })),
  }
}
