import { promisify } from 'node:util'
import { zstdDecompress } from 'node:zlib'
import { KIB, MIB } from '#core/units'
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
  return await Promise.all(frames.map(frame => decompressFrame(frame, limitBytes)))
}

/** A frame of rows has a mebibyte at most; a little more, for zlib asks again when all is full. */
const FRAME_ROOM = MIB + KIB

/**
 * One frame, on a thread of libuv's. In one step: with the room that zlib takes by itself,
 * the hand-over of the small pieces cost three times as much as the work (64 MiB of rows:
 * 430 ms of processor time, and 120 ms so).
 *
 * @param limitBytes as above
 */
export async function decompressFrame(frame: Uint8Array, limitBytes: number): Promise<Buffer> {
  const maxOutputLength = Math.max(1, limitBytes)
  const chunkSize = Math.min(FRAME_ROOM, Math.max(KIB, limitBytes + 1))
  return await decompress(frame, { maxOutputLength, chunkSize })
}
