import { freeMemory } from '#core/free-memory'
import type { Progress } from '#core/progress'
import { MIB } from '#core/units'
import type { ChunkEntry, PieceEntry } from '#domain/backup/manifest'
import { addRowSums, formatRowSum } from '#domain/backup/row-sum'
import type { PackedRows } from '#engine/logical-reader'
import type { SnapshotWriter } from '#repository/repository'
import type { Limiter } from './limiter.ts'

/** A piece is cut after the block that reaches this size; bytes of TSV. */
export const PIECE_BYTES = 32 * MIB

/** What is shared by all chunks of a backup. */
export interface StoreContext {
  writer: SnapshotWriter
  /** Bounds the packed bytes that wait for the disk, and so the memory. */
  storing: Limiter
  progress: Progress
  stored: { objects: number; bytes: number; reused: number }
}

interface Piece {
  rows: number
  bytes: number
  frames: Uint8Array[]
}

/** Collects and stores the packed rows of one chunk as they come. */
export class PieceWriter {
  readonly #context: StoreContext
  readonly #additive: boolean
  #rowSum = 0n
  #rows = 0
  #bytes = 0
  #chunkSha256: string | null = null
  #piece: Piece = { rows: 0, bytes: 0, frames: [] }
  readonly #pieces: Promise<PieceEntry>[] = []

  /** @param additive the rows have no order: their sum is the chunk's hash */
  constructor(context: StoreContext, additive: boolean) {
    this.#context = context
    this.#additive = additive
  }

  async add(packed: PackedRows): Promise<void> {
    if (packed.kind === 'end') {
      this.#chunkSha256 = Buffer.from(packed.chunkSha256).toString('hex')
      if (packed.pieceSha256) await this.#finishPiece(packed.pieceSha256)
      return
    }
    const { frame, bytes, rows, rowSum, pieceSha256 } = packed
    if (rowSum !== null) this.#rowSum = addRowSums(this.#rowSum, rowSum)
    this.#rows += rows
    this.#bytes += bytes
    this.#piece.frames.push(frame)
    this.#piece.rows += rows
    this.#piece.bytes += bytes
    this.#context.progress.advance({ bytes, items: rows })
    if (pieceSha256) await this.#finishPiece(pieceSha256)
  }

  /** When every piece is durable. */
  async finish(range: { from: string | null; to: string | null }): Promise<ChunkEntry> {
    if (this.#chunkSha256 === null) throw new Error('a chunk was not read to its end')
    const pieces = await Promise.all(this.#pieces)
    return {
      ...range,
      rows: this.#rows,
      bytes: this.#bytes,
      hash: this.#additive
        ? { kind: 'additive', value: formatRowSum(this.#rowSum) }
        : { kind: 'ordered', value: this.#chunkSha256 },
      pieces,
    }
  }

  /** Waits for the pieces that are on their way, also after a failure; never throws. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#pieces)
  }

  async #finishPiece(sha256: Uint8Array): Promise<void> {
    const piece = this.#piece
    this.#piece = { rows: 0, bytes: 0, frames: [] }
    // Waiting here stops the reading while too many pieces are on their way.
    const packed = piece.frames.reduce((sum, frame) => sum + frame.byteLength, 0)
    const leave = await this.#context.storing.enter(packed)
    const entry = this.#store(piece, Buffer.from(sha256)).finally(leave)
    entry.catch(() => {})
    this.#pieces.push(entry)
  }

  async #store({ frames, rows, bytes }: Piece, hash: Buffer): Promise<PieceEntry> {
    const { stored, reused, twice } = await this.#context.writer.storePiece(frames, hash)
    for (const frame of frames) freeMemory(frame)
    const totals = this.#context.stored
    if (reused) totals.reused += 1
    else if (!twice) {
      totals.objects += 1
      totals.bytes += stored.bytes
    }
    return { path: stored.path, rows, bytes, sha256: hash.toString('hex') }
  }
}
