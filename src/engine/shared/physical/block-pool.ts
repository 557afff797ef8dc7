import { BLOCK_BYTES } from '#domain/backup/physical-manifest'

const PAGE_BYTES = 64 * 1024

/**
 * Memory for blocks, which threads can share, used again and again: new memory costs as much
 * as a fifth of the copying.
 *
 * It is WebAssembly's, since that begins on a border of the system's pages, which reading past
 * the page cache asks for (open(2), O_DIRECT); of other memory nobody says where it lies.
 */
export class BlockPool {
  readonly #free: Buffer[] = []

  take(): Buffer {
    return this.#free.pop() ?? newBlock()
  }

  give(memory: Buffer): void {
    this.#free.push(memory)
  }
}

/** The part of the JavaScript interface that is used here: its types come with a browser's only. */
interface WebAssemblyInterface {
  Memory: new (size: {
    initial: number
    maximum: number
    shared: true
  }) => {
    buffer: SharedArrayBuffer
  }
}

const { WebAssembly } = globalThis as { WebAssembly?: WebAssemblyInterface }

function newBlock(): Buffer {
  if (!WebAssembly) return Buffer.from(new SharedArrayBuffer(BLOCK_BYTES))
  const pages = BLOCK_BYTES / PAGE_BYTES
  return Buffer.from(
    new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }).buffer,
  )
}
