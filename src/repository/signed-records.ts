import type { SigningKey } from '#crypto/key-files'
import { signStatement } from '#crypto/signed-statement'
import type { CopyRecord } from '#domain/copy/copy-record'
import type { Target } from '#target/target'
import { copyRecordFile } from './layout.ts'

/** Signs and stores what a copy held. */
export async function putCopyRecord(
  target: Target,
  record: CopyRecord,
  key: SigningKey,
): Promise<void> {
  const name = copyRecordFile(record.copyId, record.recordId)
  await target.put(name, [signStatement('copy', record, key)])
}
