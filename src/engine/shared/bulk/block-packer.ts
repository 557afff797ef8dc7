import { createHash, type Hash } from 'node:crypto'
import { constants, zstdCompressSync } from 'node:zlib'
import { freeMemory } from '#core/free-memory'
import { KIB } from '#core/units'

/**
 * Level 1: on these rows three quarters faster than 3, and as small (measured: TSV of the
 * shop's shape). The checksum lets `zstd -d` see damage by itself.
 */
const PARAMETERS = {
  [constants.ZSTD_c_compressionLevel]: 1,
  // What a page of rows repeats is near: a tenth faster in a window that fits the cache.
  [constants.ZSTD_c_windowLog]: 17,
  // A table that stays in the processor's nearest cache: 6 % faster, and 1 % smaller.
  [constants.ZSTD_c_hashLog]: 13,
  [constants.ZSTD_c_checksumFlag]: 1,
}

/**
 * Hashes and compresses one chunk's blocks in the reader's own thread. There it costs no
 * hand-over of plain rows, and the memory that zstd drops is collected from a heap of some
 * megabytes: on the main thread the same garbage took a quarter of a backup's time.
 */
export class BlockPacker {
  readonly #pieceBytes: number
  readonly #chunk: Hash = createHash('sha256')
  /** Null in the first piece: until it ends, the chunk's own hash stands for it. */
  #piece: Hash | null = null
  #inPiece = 0

  /** @param pieceBytes a piece ends with the row of the block that reaches this size; bytes of TSV */
  constructor(pieceBytes: number) {
    this.#pieceBytes = pieceBytes
  }

  /**
   * @param endsRow false while a row goes on in the next block: a piece holds whole rows
   * @returns one zstd frame in memory of its own (frames that follow one another are one
   *   zstd file: RFC 8878, section 3), and the SHA-256 of the piece that ends here
   */
  pack(
    block: Uint8Array,
    endsRow: boolean,
  ): { frame: ArrayBuffer; pieceSha256: Uint8Array | null } {
    this.#chunk.update(block)
    this.#piece?.update(block)
    this.#inPiece += block.byteLength
    const ends = endsRow && this.#inPiece >= this.#pieceBytes
    return { frame: compress(block), pieceSha256: ends ? this.#endPiece() : null }
  }

  /** The hash of the whole chunk, and of its last piece unless that has ended already. */
  end(): { chunkSha256: Uint8Array; pieceSha256: Uint8Array | null } {
    const pieceSha256 = this.#inPiece > 0 ? this.#endPiece() : null
    return { chunkSha256: this.#chunk.digest(), pieceSha256 }
  }

  #endPiece(): Uint8Array {
    const hash = (this.#piece ?? this.#chunk.copy()).digest()
    this.#piece = createHash('sha256')
    this.#inPiece = 0
    return hash
  }
}

/** Rows come out a fifth of their size or less, so one step nearly always does. */
const EXPECTED_PART = 4
const LEAST_STEP = 64 * KIB

function compress(block: Uint8Array): ArrayBuffer {
  const chunkSize = Math.max(LEAST_STEP, Math.ceil(block.byteLength / EXPECTED_PART))
  const frame = zstdCompressSync(block, { params: PARAMETERS, chunkSize })
  // A copy of the part that is used: it can be handed to another thread as it is.
  const own = frame.buffer.slice(frame.byteOffset, frame.byteOffset + frame.byteLength)
  freeMemory(frame)
  return own as ArrayBuffer
}
