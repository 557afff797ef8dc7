import { messageOf } from '#core/errors'
import { type BlockIndex, decodeBlockIndex, sparsePacks } from '#domain/backup/block-index'
import type { SnapshotEnvelope, StoredObject } from '#domain/backup/envelope'
import type { BlockPlace } from '#domain/backup/physical-manifest'
import type { Target } from '#target/target'
import { sha256Hex } from './trusted-files.ts'

/** A block that an earlier snapshot has stored. */
export interface KnownBlock {
  pack: StoredObject
  place: BlockPlace
  /** Of the pack; 0 where that is not known. */
  frames: number
}

/** Each index lists all that its snapshot uses, so few are enough. */
const INDEXES_TO_READ = 2

/**
 * Keyed block id (as latin1 text) → where it is, from the indexes of the newest physical
 * snapshots. An index that is missing or was changed costs space only: its blocks are stored
 * again. So are those of packs that are mostly unused.
 *
 * @param snapshots of the same source and recipients, oldest first
 * @param damaged paths that must not be used again
 */
export async function readKnownBlocks(
  target: Target,
  snapshots: readonly SnapshotEnvelope[],
  damaged: ReadonlySet<string>,
): Promise<{ blocks: Map<string, KnownBlock>; unread: string[] }> {
  const blocks = new Map<string, KnownBlock>()
  const unread: string[] = []
  // What the newest that uses a pack says of it counts.
  const sparse = new Map<string, boolean>()
  const physical = snapshots.filter(({ method }) => method === 'physical')
  for (const { index = '', objects } of physical.slice(-INDEXES_TO_READ).toReversed()) {
    const byPath = new Map(objects.map(object => [object.path, object]))
    try {
      const known = decodeBlockIndex(await readIndex(target, byPath.get(index)))
      const mostlyUnused = sparsePacks(known)
      for (const path of known.packs) {
        if (!sparse.has(path)) sparse.set(path, mostlyUnused.has(path))
      }
      for (const { id, place } of known.blocks) {
        const pack = byPath.get(known.packs[place.pack] ?? '')
        const name = id.toString('latin1')
        if (!pack || damaged.has(pack.path) || sparse.get(pack.path) || blocks.has(name)) continue
        blocks.set(name, { pack, place, frames: known.frames[place.pack] ?? 0 })
      }
    } catch (error) {
      unread.push(`${index}: ${messageOf(error)}`)
    }
  }
  return { blocks, unread }
}

/**
 * What a backup has stored here that made no snapshot, by its journal on this host. It was encrypted as its keyed
 * ids say: what was meant for other recipients is not found. A line that was changed costs space only: a restore
 * looks at the hash of each block, and so does the drill.
 */
export async function addInterrupted(
  blocks: Map<string, KnownBlock>,
  packs: AsyncIterable<{ stored: StoredObject; index: Buffer }>,
  unusable: ReadonlySet<string>,
): Promise<void> {
  for await (const { stored: pack, index } of packs) {
    const known = unusable.has(pack.path) ? null : whole(index)
    if (!known) continue
    for (const { id, place } of known.blocks) {
      const name = id.toString('latin1')
      if (!blocks.has(name)) blocks.set(name, { pack, place, frames: known.frames[0] ?? 0 })
    }
  }
}

function whole(index: Buffer): BlockIndex | null {
  try {
    return decodeBlockIndex(index)
  } catch {
    return null
  }
}

async function readIndex(target: Target, stored: StoredObject | undefined): Promise<Buffer> {
  if (!stored) throw new Error('the envelope does not name it')
  const bytes = await target.get(stored.path)
  if (!bytes) throw new Error('it is missing')
  if (sha256Hex(bytes) !== stored.sha256) throw new Error('it was changed')
  return bytes
}
