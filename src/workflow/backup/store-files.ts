import { freeMemory } from '#core/free-memory'
import { throwIfInterrupted } from '#core/interruption'
import type { Progress } from '#core/progress'
import {
  BLOCK_BYTES,
  type BlockEntry,
  type BlockPlace,
  type FileEntry,
} from '#domain/backup/physical-manifest'
import type { FileBlock, PhysicalCopy } from '#engine/physical-backup'
import type { KnownBlocks, SnapshotWriter } from '#repository/repository'
import { CompressThreads } from './compress-threads.ts'
import { PackWriter, type StoredPacks } from './pack-writer.ts'

const ABSENT: FileEntry = { path: '', bytes: 0 }
const ZEROS = Buffer.alloc(BLOCK_BYTES)

export interface StoredFiles extends StoredPacks {
  files: FileEntry[]
  blocks: BlockEntry[]
  totals: { bytes: number; newBlocks: number; usedAgain: number; zeros: number }
}

interface Pending {
  file: number
  offset: number
  bytes: number
  packed: Promise<PackedBlock>
}

interface PackedBlock {
  digest: Buffer
  sha256: string
  /** Null: an earlier snapshot has it, or this one by then. */
  frame: Uint8Array | null
  place: BlockPlace | null
}

/** Hashes, compresses and stores every file of a copy, block by block. */
export async function storeFiles(
  copy: PhysicalCopy,
  writer: SnapshotWriter,
  known: KnownBlocks,
  progress: Progress,
): Promise<StoredFiles> {
  const packs = new PackWriter(writer)
  const threads = new CompressThreads()
  const store = new FileStore(packs, known, threads)
  try {
    for await (const part of copy.parts()) {
      throwIfInterrupted()
      if (part.kind === 'block') {
        progress.advance({ bytes: part.bytes.length })
        await store.add(part)
      } else if (part.kind === 'end') store.end(part.path, part.bytes)
      else store.remove(part.path)
    }
    return await store.finish()
  } finally {
    await threads.close()
    await packs.settle()
  }
}

class FileStore {
  readonly #packs: PackWriter
  readonly #known: KnownBlocks
  readonly #threads: CompressThreads
  readonly #queue: Pending[] = []
  readonly #numbers = new Map<string, number>()
  /** Paths whose end has come. */
  readonly #ended = new Set<string>()
  /** Null: gone, or replaced. Its blocks are stored, and named by nobody. */
  readonly #files: (FileEntry | null)[] = []
  readonly #blocks: BlockEntry[] = []
  /** What this snapshot has stored, by SHA-256. */
  readonly #own = new Map<string, BlockPlace>()
  readonly #totals = { bytes: 0, newBlocks: 0, usedAgain: 0, zeros: 0 }

  constructor(packs: PackWriter, known: KnownBlocks, threads: CompressThreads) {
    this.#packs = packs
    this.#known = known
    this.#threads = threads
  }

  end(path: string, bytes: number): void {
    const file = this.#files[this.#numberOf(path)]
    if (file) file.bytes = bytes
    this.#ended.add(path)
    this.#totals.bytes += bytes
  }

  remove(path: string): void {
    const number = this.#numbers.get(path)
    if (number === undefined) return
    this.#totals.bytes -= this.#files[number]?.bytes ?? 0
    this.#files[number] = null
    this.#numbers.delete(path)
    this.#ended.delete(path)
  }

  async add(block: FileBlock): Promise<void> {
    const file = this.#numberOf(block.path)
    if (block.bytes.equals(ZEROS.subarray(0, block.bytes.length))) {
      this.#totals.zeros += 1
      block.release()
      return
    }
    const packed = this.#pack(block.bytes).finally(block.release)
    packed.catch(() => {})
    this.#queue.push({ file, offset: block.offset, bytes: block.bytes.length, packed })
    const first = this.#queue.length > this.#threads.blocksAhead ? this.#queue.shift() : undefined
    if (first) await this.#take(first)
  }

  async finish(): Promise<StoredFiles> {
    for (const pending of this.#queue) await this.#take(pending)
    const packs = await this.#packs.finish()
    const files = this.#files.filter(file => file !== null)
    const numbers = new Map(files.map((file, number) => [file, number]))
    const blocks = this.#blocks.flatMap(block => {
      const number = numbers.get(this.#files[block.file] ?? ABSENT)
      return number === undefined ? [] : [{ ...block, file: number }]
    })
    blocks.sort((a, b) => a.file - b.file || a.offset - b.offset)
    return { ...packs, files, blocks, totals: this.#totals }
  }

  /** While nothing is known, blocks are new, and one question to the thread is enough. */
  async #pack(bytes: Buffer): Promise<PackedBlock> {
    const answer = await this.#threads.ask(bytes, this.#known.size > 0 ? 'hash' : 'both')
    const digest = Buffer.from(answer.sha256 ?? [])
    const sha256 = digest.toString('hex')
    const place = this.#own.get(sha256) ?? (await this.#placeOfKnown(digest))
    if (place) return { digest, sha256, frame: null, place }
    const frame = answer.frame ?? (await this.#threads.ask(bytes, 'compress')).frame
    return { digest, sha256, frame: frame && new Uint8Array(frame), place: null }
  }

  async #take({ file, offset, bytes, packed }: Pending): Promise<void> {
    const { digest, sha256, frame, place } = await packed
    // Equal blocks that came close together were both compressed; one is stored.
    const found = place ?? this.#own.get(sha256)
    if (found) this.#totals.usedAgain += 1
    else this.#totals.newBlocks += 1
    if (!found && !frame) throw new Error('a block was not compressed')
    const where = found ?? (await this.#packs.add(frame ?? digest, bytes, digest))
    if (frame) freeMemory(frame)
    this.#own.set(sha256, where)
    this.#blocks.push({ file, offset, sha256, ...where })
  }

  async #placeOfKnown(digest: Buffer): Promise<BlockPlace | null> {
    const found = this.#known.size > 0 ? await this.#known.find(digest) : null
    return found ? { ...found.place, pack: this.#packs.earlier(found.pack, found.frames) } : null
  }

  #numberOf(path: string): number {
    // The end of the first is behind it: what comes now is another file.
    if (this.#ended.has(path)) this.remove(path)
    const known = this.#numbers.get(path)
    if (known !== undefined) return known
    const number = this.#files.push({ path, bytes: 0 }) - 1
    this.#numbers.set(path, number)
    return number
  }
}
