import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { onInterrupt } from '#core/interruption'
import { threadProgram } from '#core/paths'

/** The copying program, the encryption and the disk want their share. */
const MOST_THREADS = 8

/** Small, so that what zlib drops is collected soon: it is much more than the heap knows of. */
const YOUNG_MB = 1

export interface BlockTask {
  id: number
  /** In shared memory; must not be changed until the answer has come. */
  bytes: Uint8Array
  wish: 'hash' | 'compress' | 'both'
}

export interface BlockAnswer {
  id: number
  sha256: Uint8Array | null
  /** One zstd frame. */
  frame: ArrayBuffer | null
}

/** Threads that hash and compress blocks; each works through what it is given in order. */
export class CompressThreads {
  readonly #threads: Worker[]
  readonly #asked = new Map<number, PromiseWithResolvers<BlockAnswer>>()
  readonly #forget: () => void
  #next = 0
  /** Of a thread that has ended: what is asked of it later has no answer either. */
  #failure: unknown = null

  constructor() {
    const program = threadProgram('src/workflow/backup/compress-worker')
    const count = Math.min(MOST_THREADS, Math.max(2, availableParallelism()))
    this.#threads = Array.from({ length: count }, () => this.#start(program))
    this.#forget = onInterrupt(() => this.close())
  }

  /** Blocks that keep all threads at work while the next ones are read. */
  get blocksAhead(): number {
    return this.#threads.length * 4
  }

  ask(bytes: Uint8Array, wish: BlockTask['wish']): Promise<BlockAnswer> {
    const id = this.#next
    this.#next += 1
    const asked = Promise.withResolvers<BlockAnswer>()
    this.#asked.set(id, asked)
    const task: BlockTask = { id, bytes, wish }
    if (this.#failure) asked.reject(this.#failure)
    this.#threads[id % this.#threads.length]?.postMessage(task)
    return asked.promise
  }

  async close(): Promise<void> {
    this.#forget()
    await Promise.all(this.#threads.map(thread => thread.terminate()))
  }

  #start(program: string): Worker {
    const thread = new Worker(program, { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } })
    thread.on('message', (answer: BlockAnswer) => {
      this.#asked.get(answer.id)?.resolve(answer)
      this.#asked.delete(answer.id)
    })
    thread.on('error', error => {
      this.#failure ??= error
      for (const asked of this.#asked.values()) asked.reject(error)
    })
    return thread
  }
}
