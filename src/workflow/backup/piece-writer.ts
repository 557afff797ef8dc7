import { createHash, type Hash } from 'node:crypto'
import type { Progress } from '#core/progress'
import { MIB } from '#core/units'
import type { ChunkEntry, PieceEntry } from '#domain/backup/manifest'
import { addRowSums, formatRowSum } from '#domain/backup/row-sum'
import type { RowBlock } from '#engine/logical-reader'
import type { SnapshotWriter } from '#repository/repository'
import { compressBlock } from './compress-blocks.ts'
import type { Limiter } from './limiter.ts'

/** A piece is cut after the block that reaches this size; bytes of TSV. */
const PIECE_BYTES = 32 * MIB

/** What is shared by all chunks of a backup. */
export interface StoreContext {
  writer: SnapshotWriter
  /** Bounds the pieces that wait for the disk, and so the memory. */
  storing: Limiter
  progress: Progress
  stored: { objects: number; bytes: number; reused: number }
}

/** Compresses, hashes and stores the rows of one chunk as they come. */
export class PieceWriter {
  readonly #context: StoreContext
  readonly #additive: boolean
  readonly #chunkHash: Hash = createHash('sha256')
  /** Null for the first piece: the chunk's own hash stands for it. */
  #pieceHash: Hash | null = null
  #rowSum = 0n
  #rows = 0
  #bytes = 0
  #piece = { rows: 0, bytes: 0, frames: [] as Promise<Buffer>[] }
  readonly #pieces: Promise<PieceEntry>[] = []

  /** @param additive the rows have no order: their sum is the chunk's hash */
  constructor(context: StoreContext, additive: boolean) {
    this.#context = context
    this.#additive = additive
  }

  /** Takes a block, and releases it when it is compressed. */
  async add(block: RowBlock): Promise<void> {
    const { bytes, rows } = block
    const size = bytes.byteLength
    this.#chunkHash.update(bytes)
    this.#pieceHash?.update(bytes)
    if (block.rowSum !== null) this.#rowSum = addRowSums(this.#rowSum, block.rowSum)
    const frame = compressBlock(bytes).finally(() => block.release())
    // A failure is met where the frames are collected.
    frame.catch(() => {})
    this.#rows += rows
    this.#bytes += size
    const piece = this.#piece
    piece.frames.push(frame)
    piece.rows += rows
    piece.bytes += size
    this.#context.progress.advance({ bytes: size, items: rows })
    if (piece.bytes >= PIECE_BYTES) await this.#finishPiece()
  }

  /** When every piece is durable. */
  async finish(range: { from: string | null; to: string | null }): Promise<ChunkEntry> {
    if (this.#piece.bytes > 0) await this.#finishPiece()
    const pieces = await Promise.all(this.#pieces)
    return {
      ...range,
      rows: this.#rows,
      bytes: this.#bytes,
      hash: this.#additive
        ? { kind: 'additive', value: formatRowSum(this.#rowSum) }
        : { kind: 'ordered', value: this.#chunkHash.digest('hex') },
      pieces,
    }
  }

  /** Waits for the pieces that are on their way, also after a failure; never throws. */
  async settle(): Promise<void> {
    await Promise.allSettled([...this.#piece.frames, ...this.#pieces])
  }

  async #finishPiece(): Promise<void> {
    const piece = this.#piece
    const hash = (this.#pieceHash ?? this.#chunkHash.copy()).digest()
    this.#pieceHash = createHash('sha256')
    this.#piece = { rows: 0, bytes: 0, frames: [] }
    // Waiting here stops the reading while too many pieces are on their way.
    const leave = await this.#context.storing.enter()
    const entry = this.#store(piece, hash).finally(leave)
    entry.catch(() => {})
    this.#pieces.push(entry)
  }

  async #store(
    piece: { rows: number; bytes: number; frames: Promise<Buffer>[] },
    hash: Buffer,
  ): Promise<PieceEntry> {
    const frames = await Promise.all(piece.frames)
    const { stored, reused } = await this.#context.writer.storePiece(frames, hash)
    const totals = this.#context.stored
    if (reused) totals.reused += 1
    else {
      totals.objects += 1
      totals.bytes += stored.bytes
    }
    return { path: stored.path, rows: piece.rows, bytes: piece.bytes, sha256: hash.toString('hex') }
  }
}
