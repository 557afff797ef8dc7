import { erasuresOf } from '#domain/audit/erasure'
import type { AuditReader } from '#engine/audit-trail'
import { openCheckpoint } from './open-checkpoint.ts'

/** The erasures that the signed checkpoints of a database say were carried out in it. */
export async function sealedErasures(
  reader: AuditReader,
  trustedSigners: readonly string[],
): Promise<ReadonlySet<string>> {
  const done = new Set<string>()
  for await (const { batch, statement } of reader.batches()) {
    const { controls } = openCheckpoint(statement, trustedSigners, `batch ${batch}`)
    for (const { erasureId } of erasuresOf(controls)) done.add(erasureId)
  }
  return done
}
