import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { systemCode } from '#core/errors'
import { onPath } from '#process/program'
import { runProgram } from '#process/run-program'

/** A pipe's buffer on Linux. */
const READ_BYTES = 64 * 1024

/**
 * A named pipe that a program writes as if it were its file: nothing of it gets onto the disk,
 * the program waits while we are behind, and it ends when we are gone.
 */
export class Fifo {
  readonly path: string
  #handle: FileHandle | null = null
  #written = false

  private constructor(path: string) {
    this.path = path
  }

  /** Makes it; no one can write until it is opened. */
  static async make(path: string): Promise<Fifo> {
    await runProgram(onPath('mkfifo'), ['-m', '600', path])
    return new Fifo(path)
  }

  /** From here on a writer can open it. */
  async open(): Promise<void> {
    this.#handle ??= await open(this.path, constants.O_RDONLY | constants.O_NONBLOCK)
  }

  /**
   * What is in it: 'nothing' while there is no writer yet or it has nothing to say; 'closed' when
   * a writer has written and gone.
   */
  async read(): Promise<Buffer | 'nothing' | 'closed'> {
    if (!this.#handle) return 'nothing'
    const buffer = Buffer.allocUnsafe(READ_BYTES)
    try {
      const { bytesRead } = await this.#handle.read(buffer, 0, READ_BYTES)
      if (bytesRead === 0) return this.#written ? 'closed' : 'nothing'
      this.#written = true
      return buffer.subarray(0, bytesRead)
    } catch (error) {
      if (systemCode(error) === 'EAGAIN') return 'nothing'
      throw error
    }
  }

  async close(): Promise<void> {
    const handle = this.#handle
    this.#handle = null
    await handle?.close()
  }
}
