import { randomBytes } from 'node:crypto'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { splitZstdFrames } from '#domain/backup/zstd-frames'

const CONTENTS = [
  Buffer.alloc(0),
  Buffer.from('x'),
  Buffer.alloc(300, 'ab'),
  Buffer.alloc(3_000_000),
  randomBytes(70_000),
  Buffer.alloc(400_000, 'some text that repeats '),
]

const compressed = (content: Buffer, checksum: 0 | 1): Buffer =>
  zstdCompressSync(content, { params: { [constants.ZSTD_c_checksumFlag]: checksum } })

test.each([0, 1] as const)('every frame is found (checksum %i)', checksum => {
  const file = Buffer.concat(CONTENTS.map(content => compressed(content, checksum)))
  const frames = splitZstdFrames(file)
  const decoded = Buffer.concat(frames.map(frame => zstdDecompressSync(frame)))
  expect(decoded.equals(Buffer.concat(CONTENTS))).toBe(true)
  expect(frames).toHaveLength(CONTENTS.length)
})

test('a skippable frame is one frame', () => {
  const skippable = Buffer.from('502a4d1803000000616263', 'hex')
  expect(splitZstdFrames(Buffer.concat([skippable, compressed(Buffer.from('x'), 1)]))).toHaveLength(
    2,
  )
})

test('what is cut off, and what follows a frame, is an error', () => {
  const file = Buffer.concat([
    compressed(Buffer.alloc(300, 'ab'), 1),
    compressed(randomBytes(50), 1),
  ])
  for (let length = 1; length < file.length; length += 1) {
    if (length === compressed(Buffer.alloc(300, 'ab'), 1).length) continue
    expect(() => splitZstdFrames(file.subarray(0, length)), `${length}`).toThrow(RangeError)
  }
  expect(() => splitZstdFrames(Buffer.concat([file, Buffer.from('more')]))).toThrow(RangeError)
})
