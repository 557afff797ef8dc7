import { EcomdbError } from '#core/errors'
import type { SigningKey } from '#crypto/key-files'
import { signStatement } from '#crypto/signed-statement'
import type { CopyRecord } from '#domain/copy/copy-record'
import type { Target } from '#target/target'
import { COPIES, copyRecordFile } from './layout.ts'
import { readAtOnce } from './read-at-once.ts'
import { ABOUT_ONE_FILE, readTrustedFile, type Trust } from './trusted-files.ts'
import { uuidV7, uuidV7Behind } from './uuid.ts'

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

/**
 * An id for a new record, behind those that are there: one of a clock that was ahead must not hide what is recorded
 * later. Only what seems to be of the future is read: a name alone can be made by anyone who may write.
 */
export async function newCopyRecordId(
  target: Target,
  trust: Trust,
  copyId: string,
  now: Date,
): Promise<string> {
  const present = uuidV7(now)
  const ahead: string[] = []
  for await (const { name } of target.list(`${COPIES}${copyId}/`)) {
    const [, recordId] = /\/([^/]+)\.json$/.exec(name) ?? []
    if (!recordId || recordId < present) continue
    const id = { copyId, recordId }
    const record = await readTrustedFile<CopyRecord>(target, name, 'copy', id, trust).catch(
      aboutOneFile,
    )
    if (record && !(record instanceof EcomdbError)) ahead.push(recordId)
  }
  return uuidV7Behind(ahead, now)
}

/** The newest record of each copy that is believed, and newer ones that are not. */
export async function newestCopyRecords(
  target: Target,
  trust: Trust,
): Promise<{ records: CopyRecord[]; refused: RefusedFile[] }> {
  return await newestIn(target, COPIES, trust)
}

/**
 * What a copy held when it was copied to last, by a record that is in the copy itself.
 *
 * @returns null: it was never copied to, or only by earlier versions; or it is no copy
 */
export async function ownCopyRecord(
  target: Target,
  trust: Trust,
  copyId: string | null,
): Promise<CopyRecord | null> {
  if (copyId === null) return null
  return (await newestIn(target, `${COPIES}${copyId}/`, trust)).records[0] ?? null
}

async function newestIn(
  target: Target,
  prefix: string,
  trust: Trust,
): Promise<{ records: CopyRecord[]; refused: RefusedFile[] }> {
  const ofCopy = new Map<string, { name: string; id: { copyId: string; recordId: string } }[]>()
  for await (const { name } of target.list(prefix)) {
    const [, copyId, recordId] = /^copies\/([^/]+)\/([^/]+)\.json$/.exec(name) ?? []
    if (!copyId || !recordId) continue
    // The newest first.
    ofCopy.set(copyId, [{ name, id: { copyId, recordId } }, ...(ofCopy.get(copyId) ?? [])])
  }
  const refused: RefusedFile[] = []
  const newest = await readAtOnce([...ofCopy.values()], async files => {
    for (const { name, id } of files) {
      try {
        const record = await readTrustedFile<CopyRecord>(target, name, 'copy', id, trust)
        if (record) return record
      } catch (error) {
        refused.push({ name, error: aboutOneFile(error) })
      }
    }
    return null
  })
  const records = newest.flatMap(outcome => {
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value ?? []
  })
  return { records, refused: refused.sort((a, b) => (a.name < b.name ? -1 : 1)) }
}

/** @throws the error when it is about more than one file */
export function aboutOneFile(error: unknown): EcomdbError {
  if (error instanceof EcomdbError && ABOUT_ONE_FILE.has(error.code)) return error
  throw error
}
