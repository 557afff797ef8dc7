import { EcomdbError } from '#core/errors'
import { isLostOnDisk } from '#core/storage-error'
import type { StoredObject } from '#domain/backup/envelope'
import { sha256Hex } from '#repository/trusted-files'
import type { Target } from '#target/target'

/** Where the bytes came from that were compared. `cache` once one of them did. */
export type ReadBack = 'medium' | 'cache'

/**
 * Files that were written to a copy and read again. A file that arrives wrong is taken away:
 * no envelope names it yet, or it was damaged before.
 */
export class Arrivals {
  files = 0
  bytes = 0
  readBack: ReadBack | null = null
  readonly #target: Target

  constructor(target: Target) {
    this.#target = target
  }

  /**
   * Writes a file, flushed, and reads it again from the medium.
   * @throws EcomdbError STORAGE_FAILED, also when the medium gives back other bytes;
   *   TARGET_UNAVAILABLE
   */
  async put(file: StoredObject, bytes: Uint8Array): Promise<void> {
    await this.#target.put(file.path, [bytes])
    if (!(await this.isWhole(file))) {
      await this.#target.remove(file.path)
      throw new EcomdbError('STORAGE_FAILED', {
        what: `${file.path} did not arrive in ${this.#target.label} as it was sent`,
        why: 'the bytes that were read back are not those that were written, or could not be read',
        hints: [
          'the disk, its cable or its file system is failing: see `dmesg`, and use another disk',
          'a snapshot that needs the file is not whole in the copy; all else that was copied before is as it was',
        ],
      })
    }
    this.files += 1
    this.bytes += bytes.byteLength
  }

  /** Is a file that is there what the signed envelope says, on the medium? One that its disk does not give back is not. */
  async isWhole(file: StoredObject): Promise<boolean> {
    const read = await this.#target.readBack(file.path).catch((error: unknown) => {
      if (isLostOnDisk(error)) return null
      throw error
    })
    if (!read) return false
    if (this.readBack !== 'cache') this.readBack = read.from
    return read.bytes.length === file.bytes && sha256Hex(read.bytes) === file.sha256
  }
}
