import { type FileHandle, open, rm } from 'node:fs/promises'
import { EcomdbError, messageOf, systemCode } from '#core/errors'
import { REJECT_COLUMNS, type Reject, rejectLine } from '#domain/load/reject'

/**
 * Where rejects go. It is opened before anything is loaded, so that a folder that cannot be
 * written to stops the load; it is on disk before the batch it belongs to is committed; and
 * a file that is there already is added to, never replaced.
 */
export class RejectsFile {
  readonly path: string
  count = 0
  readonly #handle: FileHandle
  readonly #made: boolean
  #closed = false

  private constructor(path: string, handle: FileHandle, made: boolean) {
    this.path = path
    this.#handle = handle
    this.#made = made
  }

  /** @throws EcomdbError STORAGE_FAILED */
  static async open(path: string): Promise<RejectsFile> {
    try {
      const made = await open(path, 'ax', 0o600).catch(error => {
        if (systemCode(error) === 'EEXIST') return null
        throw error
      })
      const handle = made ?? (await open(path, 'a+'))
      const file = new RejectsFile(path, handle, made !== null)
      await file.#prepare()
      return file
    } catch (error) {
      throw file(path, error)
    }
  }

  /** A header for an empty file; a line end for a line that a crash cut short. */
  async #prepare(): Promise<void> {
    const { size } = await this.#handle.stat()
    if (size === 0) {
      await this.#handle.appendFile(`${REJECT_COLUMNS.join(',')}\n`)
      return
    }
    const last = Buffer.alloc(1)
    await this.#handle.read(last, 0, 1, size - 1)
    if (last[0] !== 10) await this.#handle.appendFile('\n')
  }

  /** @throws EcomdbError STORAGE_FAILED */
  async add(rejects: readonly Reject[]): Promise<void> {
    if (rejects.length === 0) return
    try {
      await this.#handle.appendFile(Buffer.from(rejects.map(rejectLine).join(''), 'latin1'))
      await this.#handle.datasync()
    } catch (error) {
      throw file(this.path, error)
    }
    this.count += rejects.length
  }

  /** A file that was made for this load and got nothing is removed. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#handle.close()
    if (this.#made && this.count === 0) await rm(this.path, { force: true })
  }
}

function file(path: string, error: unknown): EcomdbError {
  return new EcomdbError('STORAGE_FAILED', {
    what: `cannot write the rejects file ${path}`,
    why: messageOf(error),
    hints: ['choose another place by --rejects; without a rejects file nothing is loaded'],
    cause: error,
  })
}
