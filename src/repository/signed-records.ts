import { EcomdbError } from '#core/errors'
import type { SigningKey } from '#crypto/key-files'
import { signStatement } from '#crypto/signed-statement'
import type { CopyRecord } from '#domain/copy/copy-record'
import type { Target } from '#target/target'
import { copyRecordFile } from './layout.ts'
import { ABOUT_ONE_FILE } from './trusted-files.ts'

/** A signed file that is not believed. */
export interface RefusedFile {
  name: string
  error: EcomdbError
}

/** Signs and stores what a copy held. */
export async function putCopyRecord(
  target: Target,
  record: CopyRecord,
  key: SigningKey,
): Promise<void> {
  const name = copyRecordFile(record.copyId, record.recordId)
  await target.put(name, [signStatement('copy', record, key)])
}

/** @throws the error when it is about more than one file */
export function aboutOneFile(error: unknown): EcomdbError {
  if (error instanceof EcomdbError && ABOUT_ONE_FILE.has(error.code)) return error
  throw error
}
