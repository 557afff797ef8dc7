import type { SigningKey } from '#crypto/key-files'
import { signStatement } from '#crypto/signed-statement'
import type { OffboardReport } from '#domain/access/offboard-report'
import type { Target } from '#target/target'
import { LEAVERS, leaverFile } from './layout.ts'
import { aboutOneFile, type RefusedFile } from './signed-records.ts'
import { readTrustedFile, type Trust } from './trusted-files.ts'

/** A receipt as it is stored in a repository. */
export type LeaverReceipt = OffboardReport & { repositoryId: string }

export interface LeaverListing {
  receipts: readonly LeaverReceipt[]
  refused: readonly RefusedFile[]
}

/** Signs and stores who has left. @returns the file's name */
export async function putLeaverReceipt(
  target: Target,
  receipt: LeaverReceipt,
  key: SigningKey,
): Promise<string> {
  const name = leaverFile(receipt.receiptId)
  await target.put(name, [signStatement('leaver', receipt, key)])
  return name
}

/** All receipts, oldest first, and those that are not believed. */
export async function leaverReceipts(target: Target, trust: Trust): Promise<LeaverListing> {
  const receipts: LeaverReceipt[] = []
  const refused: RefusedFile[] = []
  for await (const { name } of target.list(LEAVERS)) {
    const [, receiptId] = /^leavers\/([^/]+)\.json$/.exec(name) ?? []
    if (!receiptId) continue
    try {
      const id = { receiptId }
      const receipt = await readTrustedFile<LeaverReceipt>(target, name, 'leaver', id, trust)
      if (receipt) receipts.push(receipt)
    } catch (error) {
      refused.push({ name, error: aboutOneFile(error) })
    }
  }
  receipts.sort((a, b) => (a.receiptId < b.receiptId ? -1 : 1))
  return { receipts, refused }
}
