import { openStatement } from '#crypto/signed-statement'
import { checkpointOf } from '#domain/audit/checkpoint'
import { erasuresOf } from '#domain/audit/erasure'
import type { AuditReader } from '#engine/audit-trail'

/** The erasures that the signed checkpoints of a database say were carried out in it. */
export async function sealedErasures(
  reader: AuditReader,
  trustedSigners: readonly string[],
): Promise<ReadonlySet<string>> {
  const done = new Set<string>()
  for await (const { batch, statement } of reader.batches()) {
    const opened = openStatement('audit-checkpoint', statement, trustedSigners, `batch ${batch}`)
    for (const { erasureId } of erasuresOf(checkpointOf(opened.value).controls)) done.add(erasureId)
  }
  return done
}
