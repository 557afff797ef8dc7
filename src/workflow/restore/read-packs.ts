import { hash } from 'node:crypto'
import { promisify } from 'node:util'
import { zstdDecompress } from 'node:zlib'
import { EcomdbError, messageOf } from '#core/errors'
import type { Secret } from '#core/secret'
import type { StoredObject } from '#domain/backup/envelope'
import type { BlockEntry, PhysicalManifest } from '#domain/backup/physical-manifest'
import { splitZstdFrames } from '#domain/backup/zstd-frames'
import type { Repository } from '#repository/repository'
import { ahead } from './fetch-pieces.ts'
import type { PhysicalLayer } from './open-physical.ts'

const decompress = promisify(zstdDecompress)

/** Packs that are read and decrypted before they are needed. */
const PACKS_AHEAD = 1
/** Blocks that are decompressed before they are needed. */
const BLOCKS_AHEAD = 8

/** A pack that a snapshot uses, and which of its blocks. */
export interface UsedPack {
  path: string
  /** By frame; equal blocks of several files share one. */
  frames: ReadonlyMap<number, readonly BlockEntry[]>
}

export interface ReadBlock {
  bytes: Buffer
  /** Where it belongs: one place or more. */
  entries: readonly BlockEntry[]
}

export function usedPacks({ packs, blocks }: PhysicalManifest): UsedPack[] {
  const used = packs.map(path => ({ path, frames: new Map<number, BlockEntry[]>() }))
  for (const block of blocks) {
    const frames = used[block.pack]?.frames
    const entries = frames?.get(block.frame)
    if (entries) entries.push(block)
    else frames?.set(block.frame, [block])
  }
  return used.filter(({ frames }) => frames.size > 0)
}

/** What it takes to read packs. */
export interface PackAccess {
  repository: Repository
  identities: readonly Secret[]
  /** The signed entry of an object. @throws EcomdbError OBJECT_DAMAGED when there is none */
  stored: (path: string) => StoredObject
}

/** To the objects that the signed envelope of this snapshot names, and to no others. */
export function packAccess(
  { repository, identities }: Pick<PackAccess, 'repository' | 'identities'>,
  { envelope }: PhysicalLayer,
): PackAccess {
  const objects = new Map(envelope.objects.map(object => [object.path, object]))
  const stored = (path: string): StoredObject => {
    const object = objects.get(path)
    if (object) return object
    throw damaged(path, `the envelope of ${envelope.snapshotId} does not name it`)
  }
  return { repository, identities, stored }
}

/**
 * The blocks of all packs. Each object is checked against its signed SHA-256 and decrypted,
 * each block decompressed on libuv's threads and checked against its own.
 *
 * @throws EcomdbError OBJECT_DAMAGED, WRONG_IDENTITY
 */
export async function* readPacks(
  access: PackAccess,
  packs: readonly UsedPack[],
): AsyncGenerator<ReadBlock> {
  const read = ({ path }: UsedPack): Promise<Buffer> =>
    access.repository.readPiece(access.stored(path), access.identities)
  for await (const { item: pack, result } of ahead(packs, PACKS_AHEAD, read)) {
    yield* blocksOf(pack, result)
  }
}

async function* blocksOf({ path, frames }: UsedPack, packed: Buffer): AsyncGenerator<ReadBlock> {
  const found = framesIn(packed, path)
  const open = async ([frame, entries]: [number, readonly BlockEntry[]]): Promise<Buffer> => {
    const bytes = entries[0]?.bytes ?? 0
    const compressed = found[frame]
    if (!compressed) throw damaged(path, `it has no frame ${frame}`)
    return await decompress(compressed, { maxOutputLength: bytes, chunkSize: Math.max(64, bytes) })
  }
  for await (const { item, result } of ahead([...frames], BLOCKS_AHEAD, open)) {
    const [frame, entries] = item
    const sha256 = hash('sha256', result)
    if (entries.some(entry => entry.sha256 !== sha256 || entry.bytes !== result.length)) {
      throw damaged(path, `block ${frame} does not have the hash that the manifest says`)
    }
    yield { bytes: result, entries }
  }
}

function framesIn(packed: Buffer, path: string): Uint8Array[] {
  try {
    return splitZstdFrames(packed)
  } catch (error) {
    throw damaged(path, messageOf(error))
  }
}

function damaged(path: string, why: string): EcomdbError {
  return new EcomdbError('OBJECT_DAMAGED', {
    what: `cannot use the object ${path}`,
    why,
    hints: ['run `ecomdb backup verify` to see all that is damaged'],
  })
}
