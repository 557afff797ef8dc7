import { createHash, type Hash } from 'node:crypto'
import { freeMemory } from '#core/free-memory'
import { KIB, MIB } from '#core/units'
import type { StoredObject } from '#domain/backup/envelope'
import { BLOCK_BYTES, type BlockPlace } from '#domain/backup/physical-manifest'
import type { BlockOfPack, SnapshotWriter } from '#repository/repository'
import { Limiter } from './limiter.ts'

/** A terabyte of stored packs of this size is 65,536 objects. */
const PACK_BYTES = 16 * MIB
/** So that a pack of pages that compress to nothing is not endless once it is decompressed. */
const FRAMES_OF_PACK = 256
/** The last frame may begin just below PACK_BYTES; what cannot be compressed grows a little. */
const ROOM_BYTES = PACK_BYTES + BLOCK_BYTES + 64 * KIB
/** Packs that are encrypted and flushed to the disk at a time, besides the one in the making. */
const PACKS_STORING = 2

interface OpenPack {
  number: number
  memory: Buffer
  stored: number
  frames: number
  /** Bytes of its blocks. */
  plain: number
  hash: Hash
  blocks: BlockOfPack[]
}

export interface StoredPacks {
  /** Paths, by the numbers that blocks name. */
  packs: string[]
  /** How many frames each has; 0 where that is not known. */
  frames: number[]
  /** New objects and their stored bytes; packs of earlier snapshots that are used again. */
  stored: { objects: number; bytes: number; reused: number }
}

/** Gathers compressed blocks into packs, and stores these. */
export class PackWriter {
  readonly #writer: SnapshotWriter
  readonly #limiter = new Limiter(PACKS_STORING)
  readonly #free: Buffer[] = []
  readonly #paths: (string | null)[] = []
  readonly #frames: number[] = []
  readonly #earlier = new Map<string, number>()
  readonly #storing: Promise<void>[] = []
  readonly #totals = { objects: 0, bytes: 0, reused: 0 }
  #failure: unknown = null
  #open: OpenPack | null = null

  constructor(writer: SnapshotWriter) {
    this.#writer = writer
  }

  /** A pack of an earlier snapshot: its number here. */
  earlier({ path }: StoredObject, frames: number): number {
    const known = this.#earlier.get(path)
    if (known !== undefined) return known
    const number = this.#paths.push(path) - 1
    this.#frames[number] = frames
    this.#earlier.set(path, number)
    this.#totals.reused += 1
    return number
  }

  /**
   * Takes one compressed block; waits while too many packs are on their way.
   * @throws what storing an earlier pack has thrown
   */
  async add(frame: Uint8Array, bytes: number, sha256: Buffer): Promise<BlockPlace> {
    if (this.#failure) throw this.#failure
    const pack = this.#open ?? this.#begin()
    const place = { pack: pack.number, frame: pack.frames, at: pack.plain, bytes }
    pack.memory.set(frame, pack.stored)
    pack.hash.update(sha256)
    pack.blocks.push({ sha256, frame: pack.frames, at: pack.plain, bytes })
    pack.stored += frame.byteLength
    pack.frames += 1
    pack.plain += bytes
    if (pack.stored >= PACK_BYTES || pack.frames === FRAMES_OF_PACK) await this.#close(pack)
    return place
  }

  /** When every pack is durable. */
  async finish(): Promise<StoredPacks> {
    if (this.#open) await this.#close(this.#open)
    await Promise.all(this.#storing)
    if (this.#failure) throw this.#failure
    for (const memory of this.#free) freeMemory(memory)
    const packs = this.#paths.map(path => {
      if (path === null) throw new Error('a pack was not stored')
      return path
    })
    return { packs, frames: this.#frames, stored: this.#totals }
  }

  /** Waits for what is on its way, also after a failure; never throws. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#storing)
  }

  #begin(): OpenPack {
    const number = this.#paths.push(null) - 1
    const memory = this.#free.pop() ?? Buffer.allocUnsafeSlow(ROOM_BYTES)
    const hash = createHash('sha256')
    this.#open = { number, memory, stored: 0, frames: 0, plain: 0, hash, blocks: [] }
    return this.#open
  }

  async #close(pack: OpenPack): Promise<void> {
    this.#open = null
    this.#frames[pack.number] = pack.frames
    const leave = await this.#limiter.enter(1)
    const storing = this.#store(pack).finally(leave)
    this.#storing.push(
      storing.catch(error => {
        this.#failure ??= error
      }),
    )
  }

  async #store({ number, memory, stored: length, hash, blocks }: OpenPack): Promise<void> {
    const frames = [memory.subarray(0, length)]
    const { stored, reused, twice } = await this.#writer.storePiece(frames, hash.digest(), blocks)
    this.#paths[number] = stored.path
    if (reused) this.#totals.reused += 1
    else if (!twice) {
      this.#totals.objects += 1
      this.#totals.bytes += stored.bytes
    }
    this.#free.push(memory)
  }
}
