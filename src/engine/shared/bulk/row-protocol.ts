import type { ConnectOptions } from '../../session.ts'

/** What goes between the main thread and a reader's worker thread. */

/** Connects; an answer of `opened` or `failed` follows. */
export interface ReaderWorkerData {
  /** ConnectOptions with the password in the clear: a Secret cannot be cloned. */
  connect: Omit<ConnectOptions, 'password'>
  password: string | null
  /** Blocks that may be out at a time. */
  blocks: number
}

export type ToWorker =
  /** Runs a statement; its rows come as text. For small results. */
  | { type: 'query'; id: number; sql: string }
  /** Runs a statement; its rows come as TSV blocks. */
  | { type: 'stream'; id: number; sql: string; additive: boolean }
  /** A block is free again. */
  | { type: 'release'; buffer: ArrayBuffer }
  /** The stream's rest is not wanted. */
  | { type: 'discard'; id: number }
  | { type: 'close' }

export type FromWorker =
  | { type: 'opened' }
  | {
      type: 'block'
      id: number
      buffer: ArrayBuffer
      length: number
      rows: number
      rowSum: bigint | null
    }
  | { type: 'done'; id: number; rows: (string | null)[][] }
  | { type: 'failed'; id: number | null; error: PlainError }

/** An error as it crosses threads; `translateServerError` understands it. */
export interface PlainError {
  message: string
  code: string | null
  errno: number | null
}
