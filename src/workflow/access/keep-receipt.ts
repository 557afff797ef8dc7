import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '#core/errors'
import { stateFolder } from '#core/paths'
import { translateStorageError } from '#core/storage-error'
import { readSigningKey, type SigningKey } from '#crypto/key-files'
import { signStatement } from '#crypto/signed-statement'
import type { OffboardReport } from '#domain/access/offboard-report'
import { putLeaverReceipt } from '#repository/leaver-receipts'
import { openRepository } from '#repository/repository'
import type { Target } from '#target/target'

export interface ReceiptPlace {
  /** Opens the configured target; null when none is configured. */
  openTarget: (() => Promise<Target>) | null
  signingKeyFile: string | undefined
}

/** A place for receipts, found before anything is changed: a leaver does not wait for a disk. */
export async function receiptPlace({ openTarget, signingKeyFile }: ReceiptPlace): Promise<{
  repositoryId: string | null
  keep(report: OffboardReport): Promise<{ stored: string; problem: string | null }>
}> {
  const key = signingKeyFile ? await readSigningKey(signingKeyFile) : null
  const opened = openTarget ? await tryToOpen(openTarget) : { missing: 'no target is configured' }
  const repositoryId = 'id' in opened ? opened.id : null
  return {
    repositoryId,
    async keep(report) {
      const local = await writeLocally(report, key)
      if (!key)
        return {
          stored: local,
          problem: 'the receipt is not signed: keys.signing_key_file is not set',
        }
      if ('missing' in opened) {
        const why = `a restore will not know of this: the receipt is not in the repository: ${opened.missing}`
        return { stored: local, problem: openTarget ? why : null }
      }
      try {
        const receipt = { ...report, repositoryId: opened.id }
        const name = await putLeaverReceipt(opened.target, receipt, key)
        return { stored: `${name} in ${opened.target.label}`, problem: null }
      } catch (error) {
        const why = `a restore will not know of this: the receipt is not in the repository: ${messageOf(error)}`
        return { stored: local, problem: why }
      }
    },
  }
}

async function tryToOpen(
  openTarget: () => Promise<Target>,
): Promise<{ target: Target; id: string } | { missing: string }> {
  try {
    const target = await openTarget()
    return { target, id: (await openRepository(target)).id }
  } catch (error) {
    return { missing: messageOf(error) }
  }
}

/** Always, also beside one in the repository: whoever ran it has it at hand. */
async function writeLocally(report: OffboardReport, key: SigningKey | null): Promise<string> {
  const folder = join(stateFolder(), 'receipts')
  const file = join(folder, `${report.person}-${report.receiptId}.json`)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const bytes = key ? signStatement('leaver', report, key) : `${JSON.stringify(report)}\n`
    await writeFile(file, bytes, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    throw translateStorageError(error, `cannot write the receipt ${file}`)
  }
  return file
}
