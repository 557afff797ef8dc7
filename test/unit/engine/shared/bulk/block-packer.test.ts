import { createHash, randomBytes } from 'node:crypto'
import { zstdDecompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { BlockPacker } from '#engine/shared/bulk/block-packer'

const sha256 = (parts: readonly Uint8Array[]): string =>
  createHash('sha256').update(Buffer.concat(parts)).digest('hex')
const hex = (hash: Uint8Array | null): string | null => hash && Buffer.from(hash).toString('hex')

test('a frame is made of each block; a piece ends with the block that fills it', () => {
  const blocks = [700, 400, 90_000, 1, 998].map(size => randomBytes(size))
  const packer = new BlockPacker(1000)
  const packed = blocks.map(block => packer.pack(block, true))
  const plain = packed.map(({ frame }) => zstdDecompressSync(new Uint8Array(frame)))
  expect(plain).toEqual(blocks)
  expect(packed.map(({ pieceSha256 }) => hex(pieceSha256))).toEqual([
    null,
    sha256(blocks.slice(0, 2)),
    sha256(blocks.slice(2, 3)),
    null,
    null,
  ])
  const { chunkSha256, pieceSha256 } = packer.end()
  expect(hex(pieceSha256)).toBe(sha256(blocks.slice(3)))
  expect(hex(chunkSha256)).toBe(sha256(blocks))
})

test('a chunk that ends with its piece has no piece left; nor has one without rows', () => {
  const block = Buffer.from('1\ta\n')
  const full = new BlockPacker(block.length)
  expect(hex(full.pack(block, true).pieceSha256)).toBe(sha256([block]))
  expect(full.end()).toEqual({
    chunkSha256: createHash('sha256').update(block).digest(),
    pieceSha256: null,
  })
  const { chunkSha256, pieceSha256 } = new BlockPacker(1000).end()
  expect([hex(chunkSha256), pieceSha256]).toEqual([sha256([]), null])
})

test('bytes that cannot be compressed still fit', () => {
  const block = randomBytes(3_000_000)
  const { frame } = new BlockPacker(1).pack(block, true)
  expect(zstdDecompressSync(new Uint8Array(frame)).equals(block)).toBe(true)
})

test('a piece does not end in the middle of a row', () => {
  const packer = new BlockPacker(10)
  const blocks = [20, 20, 5].map(size => randomBytes(size))
  const ends = blocks.map((block, at) => hex(packer.pack(block, at === 1).pieceSha256))
  expect(ends).toEqual([null, sha256(blocks.slice(0, 2)), null])
})
