import { promisify } from 'node:util'
import { zstdDecompress } from 'node:zlib'
import { splitZstdFrames } from '#domain/backup/zstd-frames'

const decompress = promisify(zstdDecompress)

/**
 * All zstd frames of an object, side by side on libuv's threads; the content in order.
 *
 * @param limitBytes a frame that would be longer is an error: nothing inflates without end
 * @throws RangeError, or zlib's error, when the bytes are not whole frames
 */
export async function decompressFrames(
  compressed: Uint8Array,
  limitBytes: number,
): Promise<Buffer[]> {
  const frames = splitZstdFrames(compressed)
  const maxOutputLength = Math.max(1, limitBytes)
  return await Promise.all(frames.map(frame => decompress(frame, { maxOutputLength })))
}
