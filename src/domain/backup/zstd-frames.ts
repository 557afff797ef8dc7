const FRAME_MAGIC = 0xfd2fb528
/** 0x184D2A50 to 0x184D2A5F: frames without data. */
const SKIPPABLE_MAGIC = 0x184d2a50
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const

/**
 * Cuts zstd frames that follow one another (RFC 8878, section 3.1). Node's zlib decodes
 * the first frame and leaves the others out without an error, in the one-shot calls and in
 * streams alike (seen with 24.21), so each frame is decoded by itself; side by side, too.
 *
 * @throws RangeError when the bytes are not whole frames
 */
export function splitZstdFrames(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const frames: Uint8Array[] = []
  for (let start = 0; start < bytes.length; ) {
    const end = endOfFrame(view, start)
    frames.push(bytes.subarray(start, end))
    start = end
  }
  return frames
}

function endOfFrame(view: DataView, start: number): number {
  const magic = view.getUint32(start, true)
  // >>> 0 because the bitwise operators are signed.
  if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) {
    return within(view, start + 8 + view.getUint32(start + 4, true))
  }
  if (magic !== FRAME_MAGIC) throw new RangeError('a zstd frame does not begin as one')
  const descriptor = view.getUint8(start + 4)
  let at = start + 5 + headerFields(descriptor)
  for (let last = false; !last; ) {
    const header = view.getUint16(at, true) | (view.getUint8(at + 2) << 16)
    last = (header & 1) === 1
    const type = (header >> 1) & 3
    if (type === 3) throw new RangeError('a zstd frame has a block of an unknown type')
    // A block of type 1 is one byte that is repeated.
    at += 3 + (type === 1 ? 1 : header >> 3)
  }
  const hasChecksum = (descriptor & 4) !== 0
  return within(view, hasChecksum ? at + 4 : at)
}

/** Bytes between the descriptor and the first block. */
function headerFields(descriptor: number): number {
  const singleSegment = (descriptor & 0x20) !== 0
  const sizeFlag = descriptor >> 6
  const contentSize = sizeFlag === 0 ? (singleSegment ? 1 : 0) : 1 << sizeFlag
  const dictionary = DICTIONARY_ID_BYTES[(descriptor & 3) as 0 | 1 | 2 | 3]
  return (singleSegment ? 0 : 1) + dictionary + contentSize
}

function within(view: DataView, end: number): number {
  if (end > view.byteLength) throw new RangeError('a zstd frame is cut off')
  return end
}
