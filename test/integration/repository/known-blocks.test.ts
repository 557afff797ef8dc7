import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { encodeBlockIndex } from '#domain/backup/block-index'
import type { SnapshotEnvelope } from '#domain/backup/envelope'
import { readKnownBlocks } from '#repository/known-blocks'
import { openDirectoryTarget } from '#target/dir/directory-target'
import type { Target } from '#target/target'
import { withFolder } from '#test/temporary'

const id = (name: string): Buffer => createHash('sha256').update(name).digest()

/** @param used pack → the frames of it that the snapshot uses; each pack has four */
async function snapshot(
  target: Target,
  name: string,
  used: Record<string, number[]>,
): Promise<SnapshotEnvelope> {
  const packs = Object.keys(used)
  const blocks = packs.flatMap((path, pack) =>
    (used[path] ?? []).map(frame => ({
      id: id(`${path}.${frame}`),
      place: { pack, frame, at: frame, bytes: 1 },
    })),
  )
  const bytes = encodeBlockIndex({ packs, frames: packs.map(() => 4), blocks })
  const index = `snapshots/${name}/blocks.index`
  await target.put(index, [bytes])
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const objects = [
    ...packs.map(path => ({ path, bytes: 4, sha256: '' })),
    { path: index, bytes: bytes.length, sha256 },
  ]
  return { method: 'physical', index, objects } as unknown as SnapshotEnvelope
}

test('blocks of packs that are mostly unused are stored again, by the newest that uses them', async () => {
  await withFolder(async folder => {
    const target = openDirectoryTarget(folder)
    const earlier = await snapshot(target, 'one', { a: [0, 1, 2, 3], b: [0, 1, 2, 3], c: [3] })
    const newest = await snapshot(target, 'two', { a: [0], b: [0, 1], d: [0, 1, 2, 3] })
    const { blocks, unread } = await readKnownBlocks(target, [earlier, newest], new Set())
    expect(unread).toEqual([])
    const known = (path: string): number[] =>
      [0, 1, 2, 3].filter(frame => blocks.has(id(`${path}.${frame}`).toString('latin1')))
    // Of a the newest uses one in four, of b a half; c is the earlier one's alone.
    expect(['a', 'b', 'c', 'd'].map(known)).toEqual([[], [0, 1, 2, 3], [], [0, 1, 2, 3]])
    expect(blocks.get(id('b.1').toString('latin1'))).toMatchObject({
      frames: 4,
      pack: { path: 'b' },
    })
  })
})
