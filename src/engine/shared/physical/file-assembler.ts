import { BLOCK_BYTES } from '#domain/backup/physical-manifest'
import type { FileBlock, FilePart } from '../../physical-backup.ts'
import type { BlockPool } from './block-pool.ts'

interface OpenFile {
  /** Where the next byte belongs. */
  at: number
  /** The block in the making; null at a block's border. */
  memory: Buffer | null
}

/** What defines a table may be copied again, under the lock, when it has changed: the last one counts. */
const DEFINES = /\.(?:frm|par|TRG|TRN|opt)$/
/** Of partitions that are not InnoDB's. */
const IN_PARTS = /\.(?:MA[DI]|MY[DI]|AR[MZ])$/

/**
 * Makes blocks of the bytes of files that come piece by piece and interleaved. What is left
 * out between two pieces is zeros.
 */
export class FileAssembler {
  readonly #pool: BlockPool
  readonly #files = new Map<string, OpenFile>()
  readonly #ended = new Set<string>()

  constructor(pool: BlockPool) {
    this.#pool = pool
  }

  /** Files whose end has not come. */
  get open(): readonly string[] {
    return [...this.#files.keys()]
  }

  /**
   * @param again whoever sends it says that it takes the place of one that has come
   * @throws Error when the bytes lie before those that came already, or are of a second file
   */
  *write(path: string, offset: number, bytes: Buffer, again = false): Generator<FilePart> {
    const file = this.#files.get(path) ?? { at: 0, memory: null }
    if (this.#ended.has(path) && !this.#files.has(path) && !again && !DEFINES.test(path)) {
      throw new Error(`${path} comes twice`)
    }
    this.#files.set(path, file)
    if (offset < file.at) throw new Error(`${path} goes back from ${file.at} to ${offset}`)
    if (offset > file.at) yield* this.#skip(path, file, offset)
    let done = 0
    while (done < bytes.length) {
      const memory = file.memory ?? this.#pool.take()
      file.memory = memory
      const inBlock = file.at % BLOCK_BYTES
      const copied = bytes.copy(memory, inBlock, done, done + BLOCK_BYTES - inBlock)
      done += copied
      file.at += copied
      if (file.at % BLOCK_BYTES === 0) yield this.#take(path, file, BLOCK_BYTES)
    }
  }

  *end(path: string): Generator<FilePart> {
    const file = this.#files.get(path) ?? { at: 0, memory: null }
    this.#files.delete(path)
    this.#ended.add(path)
    const rest = file.at % BLOCK_BYTES
    if (file.memory) yield this.#take(path, file, rest)
    yield { kind: 'end', path, bytes: file.at }
  }

  /**
   * What defines a table stays: it comes under the lock, so it is of what has the name by then.
   *
   * @param gone a file, or with a star at its end all data files that begin so
   * @throws Error for a file that is still coming
   */
  *remove(gone: string): Generator<FilePart> {
    const begin = gone.endsWith('*') ? gone.slice(0, -1) : null
    const isGone = (path: string): boolean =>
      path === gone
        ? !DEFINES.test(path)
        : begin !== null && path.startsWith(begin) && IN_PARTS.test(path)
    const open = this.open.find(isGone)
    if (open !== undefined) throw new Error(`${open} is taken back before its end`)
    for (const path of [...this.#ended].filter(isGone)) {
      this.#ended.delete(path)
      yield { kind: 'gone', path }
    }
  }

  /** Zeros up to `offset`: the block that has begun is filled up, whole ones are left out. */
  *#skip(path: string, file: OpenFile, offset: number): Generator<FilePart> {
    const border = Math.ceil(file.at / BLOCK_BYTES) * BLOCK_BYTES
    if (file.memory) {
      const end = Math.min(border, offset)
      const inBlock = file.at % BLOCK_BYTES
      file.memory.fill(0, inBlock, inBlock + end - file.at)
      file.at = end
      if (end === border) yield this.#take(path, file, BLOCK_BYTES)
      if (end === offset) return
    }
    file.at = offset
    if (offset % BLOCK_BYTES !== 0) {
      file.memory = this.#pool.take()
      file.memory.fill(0, 0, offset % BLOCK_BYTES)
    }
  }

  #take(path: string, file: OpenFile, length: number): FileBlock {
    const memory = file.memory
    if (!memory) throw new Error('a block without memory')
    file.memory = null
    return {
      kind: 'block',
      path,
      offset: file.at - length,
      bytes: memory.subarray(0, length),
      release: () => this.#pool.give(memory),
    }
  }
}
