import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { EcomdbError } from '#core/errors'
import { onInterrupt, throwIfInterrupted } from '#core/interruption'
import { threadProgram } from '#core/paths'

/** Packs are some tens of megabytes with what is decompressed of them: few threads do. */
const MOST_THREADS = 4

/** Small, so that what zlib drops is collected soon: it is much more than the heap knows of. */
const YOUNG_MB = 1

/** A decrypted pack, and what is needed of it. */
export interface PackTask {
  packed: Uint8Array
  frames: readonly NeededFrame[]
}

export interface NeededFrame {
  frame: number
  bytes: number
  /** Hex, of the block. */
  sha256: string
  /** Where it is to be written; none: it is only compared. */
  places: readonly { path: string; offset: number }[]
}

/** Bytes of the blocks; or why it failed: the pack's fault, or the disk's. */
export interface PackAnswer {
  bytes?: number
  damaged?: string
  storage?: { code: string; message: string }
}

/** Threads that decompress, compare and write; at most one pack each at a time. */
export class BlockThreads {
  readonly #threads: Worker[]
  readonly #free: Worker[]
  readonly #waiting: ((thread: Worker) => void)[] = []
  readonly #forget: () => void

  constructor() {
    const program = threadProgram('src/workflow/restore/block-worker')
    const count = Math.min(MOST_THREADS, Math.max(2, availableParallelism()))
    this.#threads = Array.from(
      { length: count },
      () => new Worker(program, { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } }),
    )
    this.#free = [...this.#threads]
    this.#forget = onInterrupt(() => this.close())
  }

  get count(): number {
    return this.#threads.length
  }

  /**
   * @param path the object's, for messages
   * @returns bytes of its blocks
   * @throws EcomdbError OBJECT_DAMAGED; a system error when a file cannot be written
   */
  async restore(path: string, task: PackTask): Promise<number> {
    const thread = this.#free.pop() ?? (await new Promise<Worker>(go => this.#waiting.push(go)))
    const { bytes, damaged, storage } = await this.#ask(thread, task)
    if (damaged !== undefined) throw damagedPack(path, damaged)
    if (storage) {
      throw Object.assign(new Error(storage.message), { code: storage.code, syscall: 'write' })
    }
    return bytes ?? 0
  }

  async close(): Promise<void> {
    this.#forget()
    await Promise.all(this.#threads.map(thread => thread.terminate()))
  }

  /** A thread that a signal has ended would never answer. */
  async #ask(thread: Worker, task: PackTask): Promise<PackAnswer> {
    try {
      throwIfInterrupted()
      return await ask(thread, task)
    } finally {
      this.#give(thread)
    }
  }

  #give(thread: Worker): void {
    const next = this.#waiting.shift()
    if (next) next(thread)
    else this.#free.push(thread)
  }
}

/** Hands the pack's memory over where it is its own. */
function ask(thread: Worker, task: PackTask): Promise<PackAnswer> {
  const { buffer, byteLength } = task.packed
  const own = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength
  return new Promise((resolve, reject) => {
    const end = (): void => {
      thread.off('message', answered)
      thread.off('error', failed)
      thread.off('exit', gone)
    }
    const answered = (answer: PackAnswer): void => {
      end()
      resolve(answer)
    }
    const failed = (error: unknown): void => {
      end()
      reject(error)
    }
    const gone = (): void => failed(new Error('a thread has ended'))
    thread.on('message', answered)
    thread.on('error', failed)
    thread.on('exit', gone)
    thread.postMessage(task, own ? [buffer] : [])
  })
}

function damagedPack(path: string, why: string): EcomdbError {
  return new EcomdbError('OBJECT_DAMAGED', {
    what: `cannot use the object ${path}`,
    why,
    hints: ['run `ecomdb backup verify` to see all that is damaged'],
  })
}
