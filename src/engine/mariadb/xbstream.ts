import type { FilePart } from '../physical-backup.ts'
import type { BlockPool } from '../shared/physical/block-pool.ts'
import { FileAssembler } from '../shared/physical/file-assembler.ts'

/**
 * Reads the stream of `mariadb-backup --stream=xbstream`: chunks, each of one file, which may
 * be interleaved (extra/mariabackup/xbstream.h, xbstream_write.cc). Integers are little-endian.
 *
 *   "XBSTCK01", flags (1), type (1: P payload, E end of file, S seek, D removed, R renamed), length of the path (4), path;
 *   P: length of the payload (8), its offset in the file (8), CRC-32 (4), the payload
 *   S: where the next payload of the file belongs (8): back into the header of a log of Aria that was ended meanwhile
 *
 * D and R come when a table that is not InnoDB's is dropped or renamed before the lock. D may be of all parts of a table
 * (`bank/t#P#*`), or of a database's folder, and of the definition, which came under the lock and so is another table's
 * of that name, or a view's, or of a database that was made again. Those two are not followed: an Aria table that was
 * dropped, and an InnoDB one that got its name, was in no copy then (10.11, measured: 4 of 6).
 * R is refused, and data files that come twice as MariaDB's own mbstream does: two tables of Aria that changed
 * places came back with the rows of one in both (10.11, measured, by its own tools too), and nothing said so.
 * A file with the flag REWRITE is copied again, under the lock, for its table was altered or emptied meanwhile
 * (ddl_log.cc): it takes the place of the first.
 */
const MAGIC = Buffer.from('XBSTCK01')
const FIXED_BYTES = MAGIC.length + 1 + 1 + 4
const PAYLOAD_HEAD_BYTES = 8 + 8 + 4
const SEEK_HEAD_BYTES = 8
const LONGEST_PATH = 4096
/** XB_STREAM_FLAG_REWRITE; the end of such a file does not have it. */
const REWRITE = 2

/** Where a payload's bytes belong. */
interface Payload {
  path: string
  offset: number
  left: number
  again: boolean
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
        const { path, offset, left, again } = this.#payload
        const some = bytes.subarray(0, left)
        yield* this.#files.write(path, offset, some, again)
        this.#payload =
          some.length === left
            ? null
            : { path, offset: offset + some.length, left: left - some.length, again }
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
      else if (chunk.type === 'D') yield* this.#files.remove(chunk.path)
      else if (chunk.type === 'S') this.#files.seek(chunk.path, chunk.offset)
      else if (chunk.length > 0) {
        const { path, offset, length, again } = chunk
        this.#payload = { path, offset, left: length, again }
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
  type: 'P' | 'E' | 'S' | 'D'
  path: string
  length: number
  offset: number
  again: boolean
  headBytes: number
}

const TYPES: ReadonlySet<string> = new Set<Chunk['type']>(['P', 'E', 'S', 'D'])

/** Null when more bytes are needed. */
function parseHead(bytes: Buffer): Chunk | null {
  if (bytes.length < FIXED_BYTES) return null
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error('a chunk has no magic number')
  const type = String.fromCharCode(bytes[MAGIC.length + 1] ?? 0)
  const found = pathAt(bytes, MAGIC.length + 2)
  if (found === null) return null
  const { path, end } = found
  if (type === 'R') {
    throw new Error(`${path} was renamed while it was copied, and its rows may be another table's`)
  }
  if (!isType(type)) {
    throw new Error(`a chunk is of a type that is not known: ${JSON.stringify(type)}`)
  }
  const again = ((bytes[MAGIC.length] ?? 0) & REWRITE) !== 0
  const plain = { type, path, length: 0, offset: 0, again, headBytes: end }
  if (type === 'E' || type === 'D') return plain
  if (type === 'S') {
    if (bytes.length < end + SEEK_HEAD_BYTES) return null
    const offset = Number(bytes.readBigUInt64LE(end))
    return { ...plain, offset, headBytes: end + SEEK_HEAD_BYTES }
  }
  if (bytes.length < end + PAYLOAD_HEAD_BYTES) return null
  const length = Number(bytes.readBigUInt64LE(end))
  const offset = Number(bytes.readBigUInt64LE(end + 8))
  if (!Number.isSafeInteger(length + offset)) throw new Error('a chunk is of no good size')
  return { ...plain, length, offset, headBytes: end + PAYLOAD_HEAD_BYTES }
}

function isType(type: string): type is Chunk['type'] {
  return TYPES.has(type)
}

/** A path after its length; null when more bytes are needed. */
function pathAt(bytes: Buffer, at: number): { path: string; end: number } | null {
  if (bytes.length < at + 4) return null
  const length = bytes.readUInt32LE(at)
  if (length === 0 || length > LONGEST_PATH) throw new Error('a path is of no good length')
  const end = at + 4 + length
  if (bytes.length < end) return null
  const path = bytes.subarray(at + 4, end).toString('utf8')
  return { path: path.replace(/^(\.\/)+/, ''), end }
}
