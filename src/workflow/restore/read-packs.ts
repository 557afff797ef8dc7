import { join } from 'node:path'
import { EcomdbError } from '#core/errors'
import { throwIfInterrupted } from '#core/interruption'
import type { Secret } from '#core/secret'
import type { BlockEntry, PhysicalManifest } from '#domain/backup/physical-manifest'
import type { Repository } from '#repository/repository'
import { BlockThreads, type NeededFrame } from './block-threads.ts'
import type { PhysicalLayer } from './open-physical.ts'

/** A pack that a snapshot uses, and which of its blocks. */
export interface UsedPack {
  path: string
  frames: readonly NeededFrame[]
}

/**
 * @param folder where the files are; null: blocks are only compared
 * @throws EcomdbError OBJECT_DAMAGED when the manifest says two things of one block
 */
export function usedPacks(manifest: PhysicalManifest, folder: string | null): UsedPack[] {
  const used = manifest.packs.map(() => new Map<number, BlockEntry[]>())
  for (const block of manifest.blocks) {
    const entries = used[block.pack]?.get(block.frame)
    if (entries) entries.push(block)
    else used[block.pack]?.set(block.frame, [block])
  }
  return used.flatMap((frames, number) => {
    const path = manifest.packs[number] ?? ''
    const needed = [...frames.values()].map(entries => frameOf(manifest, entries, folder))
    return needed.length === 0 ? [] : [{ path, frames: needed }]
  })
}

/** Equal blocks of several files share a frame. */
function frameOf(
  { files, snapshotId }: PhysicalManifest,
  entries: readonly BlockEntry[],
  folder: string | null,
): NeededFrame {
  const [first] = entries
  if (
    !first ||
    entries.some(({ sha256, bytes }) => sha256 !== first.sha256 || bytes !== first.bytes)
  ) {
    throw new EcomdbError('OBJECT_DAMAGED', {
      what: `the manifest of ${snapshotId} contradicts itself`,
      why: `it says two things of frame ${first?.frame} of pack ${first?.pack}`,
    })
  }
  const { frame, bytes, sha256 } = first
  const places = entries.map(({ file, offset }) => ({
    path: join(folder ?? '', files[file]?.path ?? ''),
    offset,
  }))
  return { frame, bytes, sha256, places: folder === null ? [] : places }
}

/**
 * Reads packs, each checked against its signed SHA-256 and decrypted here; threads decompress
 * the blocks, compare each with its hash, and write it to its places. A few packs are on their
 * way at a time.
 *
 * @param onPack is told of each pack that is done, or what is wrong with it: what it throws
 *   ends the work
 */
export async function readPacks(
  { repository, identities }: { repository: Repository; identities: readonly Secret[] },
  { envelope }: PhysicalLayer,
  packs: readonly UsedPack[],
  onPack: (pack: UsedPack, outcome: { bytes: number } | { error: unknown }) => void,
): Promise<void> {
  const objects = new Map(envelope.objects.map(object => [object.path, object]))
  const threads = new BlockThreads()
  const waiting = [...packs]
  const read = async ({ path, frames }: UsedPack): Promise<number> => {
    const stored = objects.get(path)
    if (!stored) throw notNamed(path, envelope.snapshotId)
    return await threads.restore(path, {
      packed: await repository.readPiece(stored, identities, envelope.snapshotId),
      frames,
    })
  }
  const lane = async (): Promise<void> => {
    for (let pack = waiting.shift(); pack; pack = waiting.shift()) {
      throwIfInterrupted()
      const outcome = await read(pack).then(
        bytes => ({ bytes }),
        (error: unknown) => ({ error }),
      )
      onPack(pack, outcome)
    }
  }
  try {
    // One lane more than threads, so that the next pack is read while they are at work.
    const lanes = Array.from({ length: threads.count + 1 }, () =>
      lane().finally(() => waiting.splice(0)),
    )
    const ended = await Promise.allSettled(lanes)
    for (const one of ended) if (one.status === 'rejected') throw one.reason
  } finally {
    await threads.close()
  }
}

function notNamed(path: string, snapshotId: string): EcomdbError {
  return new EcomdbError('OBJECT_DAMAGED', {
    what: `cannot use the object ${path}`,
    why: `the envelope of ${snapshotId} does not name it`,
    hints: ['run `ecomdb backup verify` to see all that is damaged'],
  })
}
