import { BLOCK_BYTES } from '#domain/backup/physical-manifest'
import type { FileBlock, FilePart } from '../../physical-backup.ts'
import type { BlockPool } from './block-pool.ts'

interface OpenFile {
  /** Where the next byte belongs. */
  at: number
  /** The block in the making; null at a block's border. */
  memory: Buffer | null
  /** Of a file whose begin may be written again: its first block, when it is full. */
  first: Buffer | null
  /** Where the next byte belongs after a step back; null when none was made. */
  back: number | null
}

const newFile = (): OpenFile => ({ at: 0, memory: null, first: null, back: null })

/** What defines a table may be copied again, under the lock, when it has changed: the last one counts. */
const DEFINES = /\.(?:frm|par|TRG|TRN|opt)$/
/**
 * A log of Aria that the server ends while it is copied has the last LSN in its header from then on: that is written
 * again after the rest (aria_backup_client.cc, copy_log_tail). Their first block waits for it.
 */
const BEGINS_AGAIN = /^aria_log\.\d+$/
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
    const file = this.#files.get(path) ?? newFile()
    if (this.#ended.has(path) && !this.#files.has(path) && !again && !DEFINES.test(path)) {
      throw new Error(`${path} comes twice`)
    }
    this.#files.set(path, file)
    if (offset === file.back) return this.#writeBack(path, file, offset, bytes)
    if (offset < file.at) throw new Error(`${path} goes back from ${file.at} to ${offset}`)
    file.back = null
    if (offset > file.at) yield* this.#skip(path, file, offset)
    let done = 0
    while (done < bytes.length) {
      const memory = file.memory ?? this.#pool.take()
      file.memory = memory
      const inBlock = file.at % BLOCK_BYTES
      const copied = bytes.copy(memory, inBlock, done, done + BLOCK_BYTES - inBlock)
      done += copied
      file.at += copied
      if (file.at % BLOCK_BYTES === 0) yield* this.#full(path, file)
    }
  }

  /**
   * What comes next of a file belongs there.
   * @throws Error for a step back in a file of which none is known, or to what has been given out
   */
  seek(path: string, offset: number): void {
    const file = this.#files.get(path)
    if (!file) return
    if (offset < file.at && !(BEGINS_AGAIN.test(path) && offset < BLOCK_BYTES)) {
      throw new Error(`${path} goes back from ${file.at} to ${offset}`)
    }
    file.back = offset < file.at ? offset : null
  }

  *end(path: string): Generator<FilePart> {
    const file = this.#files.get(path) ?? newFile()
    this.#files.delete(path)
    this.#ended.add(path)
    const rest = file.at % BLOCK_BYTES
    if (file.memory) yield this.#take(path, file, rest)
    if (file.first) yield this.#block(path, 0, file.first, BLOCK_BYTES)
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
      if (end === border) yield* this.#full(path, file)
      if (end === offset) return
    }
    file.at = offset
    if (offset % BLOCK_BYTES !== 0) {
      file.memory = this.#pool.take()
      file.memory.fill(0, 0, offset % BLOCK_BYTES)
    }
  }

  #writeBack(path: string, file: OpenFile, offset: number, bytes: Buffer): void {
    const first = file.first ?? file.memory
    const end = offset + bytes.length
    if (!first || end > Math.min(file.at, BLOCK_BYTES)) {
      throw new Error(`${path} is written again from ${offset} to ${end}`)
    }
    bytes.copy(first, offset)
    file.back = end
  }

  *#full(path: string, file: OpenFile): Generator<FilePart> {
    if (file.at === BLOCK_BYTES && BEGINS_AGAIN.test(path)) {
      file.first = file.memory
      file.memory = null
    } else yield this.#take(path, file, BLOCK_BYTES)
  }

  #take(path: string, file: OpenFile, length: number): FileBlock {
    const memory = file.memory
    if (!memory) throw new Error('a block without memory')
    file.memory = null
    return this.#block(path, file.at - length, memory, length)
  }

  #block(path: string, offset: number, memory: Buffer, length: number): FileBlock {
    return {
      kind: 'block',
      path,
      offset,
      bytes: memory.subarray(0, length),
      release: () => this.#pool.give(memory),
    }
  }
}
