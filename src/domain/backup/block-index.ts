import type { BlockPlace } from './physical-manifest.ts'

/**
 * blocks.index (docs/formats.md): which blocks a physical snapshot uses, by keyed name, and
 * where they are. It lets the next backup find them without any private key.
 */
export interface BlockIndex {
  /** Paths of objects. */
  packs: readonly string[]
  /** How many frames each of them has, whoever uses them; 0 where that is not known. */
  frames: readonly number[]
  /** Keyed ids of 32 bytes, and where the block is. */
  blocks: readonly { id: Buffer; place: BlockPlace }[]
}

const ID_BYTES = 32
const RECORD_BYTES = ID_BYTES + 4 * 4

export function encodeBlockIndex({ packs, frames, blocks }: BlockIndex): Buffer {
  const head = Buffer.from(`${JSON.stringify({ format: 1, packs, frames })}\n`)
  const index = Buffer.alloc(head.length + blocks.length * RECORD_BYTES)
  head.copy(index)
  let at = head.length
  for (const { id, place } of blocks) {
    id.copy(index, at)
    index.writeUInt32LE(place.pack, at + ID_BYTES)
    index.writeUInt32LE(place.frame, at + ID_BYTES + 4)
    index.writeUInt32LE(place.at, at + ID_BYTES + 8)
    index.writeUInt32LE(place.bytes, at + ID_BYTES + 12)
    at += RECORD_BYTES
  }
  return index
}

/** @throws Error when the bytes are no index of format 1 */
export function decodeBlockIndex(index: Buffer): BlockIndex {
  const end = index.indexOf('\n')
  const head = JSON.parse(index.subarray(0, Math.max(0, end)).toString('utf8'))
  const { format, packs, frames = [] } = head
  if (format !== 1 || !Array.isArray(packs)) throw new Error(`an index of format ${String(format)}`)
  const records = index.subarray(end + 1)
  if (records.length % RECORD_BYTES !== 0) throw new Error('an index that is cut off')
  const blocks = Array.from({ length: records.length / RECORD_BYTES }, (_, place) => {
    const record = records.subarray(place * RECORD_BYTES, (place + 1) * RECORD_BYTES)
    return {
      id: record.subarray(0, ID_BYTES),
      place: {
        pack: record.readUInt32LE(ID_BYTES),
        frame: record.readUInt32LE(ID_BYTES + 4),
        at: record.readUInt32LE(ID_BYTES + 8),
        bytes: record.readUInt32LE(ID_BYTES + 12),
      },
    }
  })
  return { packs, frames: packs.map((_, at) => Number(frames[at] ?? 0)), blocks }
}

/**
 * Packs of which less than a half is used. A pack stays as long as one of its blocks does, and a restore reads
 * all of it: without this a snapshot a day would take, and read, ever more of what nobody needs. Their blocks
 * are stored again, so that what snapshots use is at least a half of what they hold.
 */
export function sparsePacks({ packs, frames, blocks }: BlockIndex): Set<string> {
  const used = packs.map(() => new Set<number>())
  for (const { place } of blocks) used[place.pack]?.add(place.frame)
  return new Set(packs.filter((_, at) => (used[at]?.size ?? 0) * 2 < (frames[at] ?? 0)))
}
