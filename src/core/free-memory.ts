/** Node's own shared slabs are smaller: what lies in one is not ours to give back. */
const LARGEST_SLAB_BYTES = 64 * 1024

/**
 * Gives large memory back now, and not when the garbage is collected some day: the collector
 * counts the heap, and hardly what lies outside of it. The bytes cannot be used afterwards.
 */
export function freeMemory({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength > LARGEST_SLAB_BYTES) buffer.transfer(0)
}

/** The same, where nothing else lies in this memory. */
export function freeIfAlone(part: Uint8Array): void {
  if (part.byteLength === part.buffer.byteLength) freeMemory(part)
}

/** The same of a piece that a stream has read, whatever its size, when its memory is its own. */
export function freePiece({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
}
