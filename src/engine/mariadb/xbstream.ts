import type { FilePart } from '../physical-backup.ts'
import type { BlockPool } from '../shared/physical/block-pool.ts'
import { FileAssembler } from '../shared/physical/file-assembler.ts'

/**
 * Reads the stream of `mariadb-backup --stream=xbstream`: chunks, each of one file, which may
 * be interleaved (extra/mariabackup/xbstream.h, xbstream_write.cc). Integers are little-endian.
 *
 *   "XBSTCK01", flags (1), type (1: P payload, E end of file), length of the path (4), path;
 *   P: length of the payload (8), its offset in the file (8), CRC-32 (4), the payload
 */
const MAGIC = Buffer.from('XBSTCK01')
const FIXED_BYTES = MAGIC.length + 1 + 1 + 4
const PAYLOAD_HEAD_BYTES = 8 + 8 + 4
const LONGEST_PATH = 4096

/** Where a payload's bytes belong. */
interface Payload {
  path: string
  offset: number
  left: number
}

export class XbstreamReader {
  readonly #files: FileAssembler
  /** Of a chunk's head that has not come in full. */
  #head: Buffer = Buffer.alloc(0)
  #payload: Payload | null = null

  constructor(pool: BlockPool) {
    this.#files = new FileAssembler(pool)
  }

  /** @throws Error when the bytes are no such stream */
  *push(piece: Buffer): Generator<FilePart> {
    let bytes = piece
    while (bytes.length > 0) {
      if (this.#payload) {
        const { path, offset, left } = this.#payload
        const some = bytes.subarray(0, left)
        yield* this.#files.write(path, offset, some)
        this.#payload =
          some.length === left
            ? null
            : { path, offset: offset + some.length, left: left - some.length }
        bytes = bytes.subarray(some.length)
        continue
      }
      this.#head = this.#head.length === 0 ? bytes : Buffer.concat([this.#head, bytes])
      const chunk = parseHead(this.#head)
      if (chunk === null) {
        // A piece's memory is not ours to keep.
        this.#head = Buffer.from(this.#head)
        return
      }
      bytes = this.#head.subarray(chunk.headBytes)
      this.#head = Buffer.alloc(0)
      if (chunk.type === 'E') yield* this.#files.end(chunk.path)
      else if (chunk.length > 0) {
        this.#payload = { path: chunk.path, offset: chunk.offset, left: chunk.length }
      }
    }
  }

  /** @throws Error when the stream has ended in the middle */
  end(): void {
    if (this.#payload || this.#head.length > 0) throw new Error('the stream is cut off')
    const [open] = this.#files.open
    if (open !== undefined) throw new Error(`the stream ends before the file ${open} does`)
  }
}

interface Chunk {
  type: 'P' | 'E'
  path: string
  length: number
  offset: number
  headBytes: number
}

/** Null when more bytes are needed. */
function parseHead(bytes: Buffer): Chunk | null {
  if (bytes.length < FIXED_BYTES) return null
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error('a chunk has no magic number')
  const type = String.fromCharCode(bytes[MAGIC.length + 1] ?? 0)
  if (type !== 'P' && type !== 'E') {
    throw new Error(`a chunk is of a type that is not known: ${JSON.stringify(type)}`)
  }
  const pathBytes = bytes.readUInt32LE(MAGIC.length + 2)
  if (pathBytes === 0 || pathBytes > LONGEST_PATH) throw new Error('a path is of no good length')
  const pathEnd = FIXED_BYTES + pathBytes
  const headBytes = type === 'E' ? pathEnd : pathEnd + PAYLOAD_HEAD_BYTES
  if (bytes.length < headBytes) return null
  const path = bytes
    .subarray(FIXED_BYTES, pathEnd)
    .toString('utf8')
    .replace(/^(\.\/)+/, '')
  if (type === 'E') return { type, path, length: 0, offset: 0, headBytes }
  const length = Number(bytes.readBigUInt64LE(pathEnd))
  const offset = Number(bytes.readBigUInt64LE(pathEnd + 8))
  if (!Number.isSafeInteger(length + offset)) throw new Error('a chunk is of no good size')
  return { type, path, length, offset, headBytes }
}
