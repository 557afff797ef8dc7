import { BLOCK_BYTES } from '#domain/backup/physical-manifest'

/** A page of WebAssembly's memory (Core Specification 2.0, section 4.2.8). */
const PAGE_BYTES = 64 * 1024
/** Blocks of one memory: each reserves 8 GiB of addresses, of which a host may give few (ulimit -v). */
const BLOCKS_AT_ONCE = 16

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
    if (this.#free.length === 0) this.#free.push(...newBlocks())
    return this.#free.pop() as Buffer
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

/** Nothing of it takes room before it is used. */
function newBlocks(): Buffer[] {
  const memory = newMemory()
  return Array.from({ length: BLOCKS_AT_ONCE }, (_, at) =>
    Buffer.from(memory, at * BLOCK_BYTES, BLOCK_BYTES),
  )
}

function newMemory(): SharedArrayBuffer {
  const bytes = BLOCKS_AT_ONCE * BLOCK_BYTES
  const pages = bytes / PAGE_BYTES
  try {
    if (WebAssembly) {
      return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }).buffer
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  return new SharedArrayBuffer(bytes)
}
