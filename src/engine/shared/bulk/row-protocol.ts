import type { ConnectOptions } from '../../session.ts'

/** What goes between the main thread and a reader's worker thread. */

export type ToWorker =
  /** The first message: connects; an answer of `opened` or `failed` follows. */
  | {
      type: 'open'
      /** ConnectOptions with the password in the clear: a Secret cannot be cloned. */
      connect: Omit<ConnectOptions, 'password'>
      password: string | null
      /** Blocks that may be out at a time. */
      blocks: number
    }
  /** Runs a statement; its rows come as text. For small results. */
  | { type: 'query'; id: number; sql: string }
  /** Runs a statement; its rows come as TSV blocks, packed when it is said how. */
  | { type: 'stream'; id: number; sql: string; additive: boolean; packing: Packing | null }
  /** A block is free again; of a packed one only the place is. */
  | { type: 'release'; buffer: ArrayBuffer | null }
  /** The stream's rest is not wanted. */
  | { type: 'discard'; id: number }
  | { type: 'close' }

export type FromWorker =
  | { type: 'opened' }
  | {
      type: 'block'
      id: number
      /** TSV, or a zstd frame of it. */
      buffer: ArrayBuffer
      /** Bytes of TSV. */
      length: number
      rows: number
      rowSum: bigint | null
      /** Of the packed piece that ends with this block. */
      pieceSha256: Uint8Array | null
    }
  /** A packed range of keys is over, and another follows. */
  | { type: 'range'; id: number; hashes: PackedHashes }
  /** `hashes`: of the last packed range, if there is one. `warnings`: how many the server has. */
  | {
      type: 'done'
      id: number
      rows: (string | null)[][]
      hashes: PackedHashes | null
      warnings: number
    }
  | { type: 'failed'; id: number | null; error: PlainError }

/** How a stream's rows are cut and packed. */
export interface Packing {
  /** A piece ends with the block that reaches this size; bytes of TSV. */
  pieceBytes: number
  /** Where a next range begins: values of the first column, ascending, decimal. */
  borders: readonly string[]
}

/** Of a packed range: the whole, and its last piece unless that has ended before. */
export interface PackedHashes {
  chunkSha256: Uint8Array
  pieceSha256: Uint8Array | null
}

/** An error as it crosses threads; `translateServerError` understands it. */
export interface PlainError {
  message: string
  code: string | null
  errno: number | null
}
