import { type FileHandle, open } from 'node:fs/promises'
import { systemCode } from '#core/errors'
import { MIB } from '#core/units'

/** In the head of each page of InnoDB, big-endian: the log sequence number of its last change, and its type. */
const LSN_AT = 16
const TYPE_AT = 24
/** A page that nothing was written to. */
const UNUSED = 0

/**
 * Are there pages in a table's file that came with IMPORT TABLESPACE, and were not changed since? They have the log
 * sequence number 0, in files of all row formats, compressed ones too (10.11, measured). The first page is not looked
 * at: a new table's has it, too, until it is written again.
 *
 * @returns false for a file that is gone
 */
export async function hasImportedPages(path: string, pageBytes: number): Promise<boolean> {
  let file: FileHandle
  try {
    file = await open(path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw error
  }
  try {
    const piece = Buffer.allocUnsafe(MIB)
    for (let begin = 0; ; begin += MIB) {
      const { bytesRead } = await file.read(piece, 0, MIB, begin)
      for (let at = begin === 0 ? pageBytes : 0; at + pageBytes <= bytesRead; at += pageBytes) {
        const type = piece.readUInt16BE(at + TYPE_AT)
        if (type !== UNUSED && piece.readBigUInt64BE(at + LSN_AT) === 0n) return true
      }
      if (bytesRead < MIB) return false
    }
  } finally {
    await file.close()
  }
}
