import { expect, test } from 'vitest'
import {
  type BlockIndex,
  decodeBlockIndex,
  encodeBlockIndex,
  sparsePacks,
} from '#domain/backup/block-index'

const block = (pack: number, frame: number): BlockIndex['blocks'][number] => ({
  id: Buffer.alloc(32, pack * 16 + frame),
  place: { pack, frame, at: frame * 10, bytes: 10 },
})

test('an index is read as it was written, and one that does not tell of frames, too', () => {
  const index = { packs: ['a', 'b'], frames: [3, 0], blocks: [block(0, 1), block(1, 0)] }
  expect(decodeBlockIndex(encodeBlockIndex(index))).toEqual(index)
  const text = encodeBlockIndex(index).toString('latin1').replace(',"frames":[3,0]', '')
  expect(decodeBlockIndex(Buffer.from(text, 'latin1'))).toEqual({ ...index, frames: [0, 0] })
})

test('a pack is sparse when less than a half of it is used, if it is known what it has', () => {
  const packs = ['third', 'half', 'unknown']
  const blocks = [block(0, 0), block(1, 0), block(1, 1), block(1, 1), block(2, 7)]
  expect([...sparsePacks({ packs, frames: [3, 4, 0], blocks })]).toEqual(['third'])
  expect([...sparsePacks({ packs, frames: [2, 5, 0], blocks })]).toEqual(['half'])
})
