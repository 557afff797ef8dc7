import { EcomdbError } from '#core/errors'
import type { SigningKey } from '#crypto/key-files'
import { signStatement } from '#crypto/signed-statement'
import type { CopyRecord } from '#domain/copy/copy-record'
import type { Target } from '#target/target'
import { COPIES, copyRecordFile } from './layout.ts'
import { ABOUT_ONE_FILE, readTrustedFile, type Trust } from './trusted-files.ts'

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

/** The newest record of each copy, by copy id, and those that are not believed. */
export async function newestCopyRecords(
  target: Target,
  trust: Trust,
): Promise<{ records: CopyRecord[]; refused: RefusedFile[] }> {
  const newest = new Map<string, CopyRecord>()
  const refused: RefusedFile[] = []
  for await (const { name } of target.list(COPIES)) {
    const [, copyId, recordId] = /^copies\/([^/]+)\/([^/]+)\.json$/.exec(name) ?? []
    if (!copyId || !recordId) continue
    try {
      const id = { copyId, recordId }
      const record = await readTrustedFile<CopyRecord>(target, name, 'copy', id, trust)
      if (record) newest.set(copyId, record)
    } catch (error) {
      refused.push({ name, error: aboutOneFile(error) })
    }
  }
  return { records: [...newest.values()], refused }
}

/** @throws the error when it is about more than one file */
export function aboutOneFile(error: unknown): EcomdbError {
  if (error instanceof EcomdbError && ABOUT_ONE_FILE.has(error.code)) return error
  throw error
}
