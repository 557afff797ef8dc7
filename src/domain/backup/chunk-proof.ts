import { createHash, type Hash } from 'node:crypto'
import type { ChunkEntry } from './manifest.ts'
import { formatRowSum, RowSummer } from './row-sum.ts'

const NEWLINE = 0x0a

/** What a chunk's TSV adds up to, to be compared with its entry in the manifest. */
export interface ChunkTotals {
  rows: number
  /** Bytes of TSV. */
  bytes: number
  hash: ChunkEntry['hash']
}

/** Adds up the TSV of one chunk; blocks come in order, each of whole rows. */
export class ChunkProof {
  readonly #kind: ChunkEntry['hash']['kind']
  readonly #ordered: Hash = createHash('sha256')
  readonly #additive = new RowSummer()
  #rows = 0
  #bytes = 0

  constructor(kind: ChunkEntry['hash']['kind']) {
    this.#kind = kind
  }

  add(block: Buffer): void {
    this.#bytes += block.length
    if (this.#kind === 'ordered') {
      this.#ordered.update(block)
      this.#rows += countRows(block)
    } else {
      for (const line of linesOf(block)) {
        this.#additive.add(line)
        this.#rows += 1
      }
    }
  }

  totals(): ChunkTotals {
    const value =
      this.#kind === 'ordered' ? this.#ordered.digest('hex') : formatRowSum(this.#additive.take())
    return { rows: this.#rows, bytes: this.#bytes, hash: { kind: this.#kind, value } }
  }
}

/** Rows of a TSV block: a newline inside a field is written as \n, so each one ends a row. */
export function countRows(block: Buffer): number {
  let rows = 0
  for (let at = block.indexOf(NEWLINE); at >= 0; at = block.indexOf(NEWLINE, at + 1)) rows += 1
  return rows
}

function* linesOf(block: Buffer): Generator<Buffer> {
  let start = 0
  for (let at = block.indexOf(NEWLINE); at >= 0; at = block.indexOf(NEWLINE, start)) {
    yield block.subarray(start, at + 1)
    start = at + 1
  }
}
