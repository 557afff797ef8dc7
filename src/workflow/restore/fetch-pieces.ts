import { createHash } from 'node:crypto'
import { EcomdbError, messageOf } from '#core/errors'
import { freeMemory } from '#core/free-memory'
import { MIB } from '#core/units'
import type { PieceEntry } from '#domain/backup/manifest'
import { splitZstdFrames } from '#domain/backup/zstd-frames'
import { decompressFrame } from '../backup/decompress-frames.ts'
import { type OpenedSnapshot, type SnapshotAccess, storedObject } from './open-snapshot.ts'

/** Objects that are read and decrypted before they are needed; they are compressed still. */
const PIECES_AHEAD = 1
/** One with a row of many mebibytes is as large as that, and is enough at a time. */
const LARGE_PIECE_BYTES = 16 * MIB
/** Frames (of about 1 MiB of rows) that are decompressed before they are needed. */
const FRAMES_AHEAD = 6

/**
 * The rows of pieces, in order, in blocks: each object is read, checked against its signed
 * SHA-256, decrypted, and decompressed on libuv's threads. A piece whose rows do not have
 * the manifest's hash throws behind its last block, so what was loaded of it must be rolled
 * back then.
 *
 * @throws EcomdbError OBJECT_DAMAGED, WRONG_IDENTITY
 */
export async function* fetchPieces(
  access: SnapshotAccess,
  snapshot: OpenedSnapshot,
  pieces: readonly PieceEntry[],
): AsyncGenerator<Buffer> {
  const read = async (piece: PieceEntry): Promise<Buffer> =>
    await access.repository.readPiece(
      storedObject(snapshot, piece.path),
      access.identities,
      snapshot.envelope.snapshotId,
    )
  const isLarge = pieces.some(({ path }) => storedObject(snapshot, path).bytes > LARGE_PIECE_BYTES)
  for await (const { item: piece, result } of ahead(pieces, isLarge ? 0 : PIECES_AHEAD, read)) {
    yield* rowsOf(piece, result)
    freeMemory(result)
  }
}

async function* rowsOf(piece: PieceEntry, compressed: Buffer): AsyncGenerator<Buffer> {
  const hash = createHash('sha256')
  let bytes = 0
  const open = (frame: Uint8Array): Promise<Buffer> => decompressFrame(frame, piece.bytes)
  try {
    for await (const { result } of ahead(splitZstdFrames(compressed), FRAMES_AHEAD, open)) {
      hash.update(result)
      bytes += result.length
      yield result
    }
  } catch (error) {
    throw damaged(piece, messageOf(error), error)
  }
  if (bytes !== piece.bytes || hash.digest('hex') !== piece.sha256) {
    throw damaged(piece, 'its rows do not have the size and hash that the manifest says')
  }
}

/** Results in order, of which the next `count` are worked at while one is used. */
async function* ahead<Item, Result>(
  items: readonly Item[],
  count: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<{ item: Item; result: Result }> {
  const coming: { item: Item; result: Promise<Result> }[] = []
  let next = 0
  while (next < items.length || coming.length > 0) {
    while (next < items.length && coming.length <= count) {
      const item = items[next++] as Item
      const result = work(item)
      // A failure is thrown when its turn comes; until then it is not unhandled.
      result.catch(() => {})
      coming.push({ item, result })
    }
    const first = coming.shift()
    if (first) yield { item: first.item, result: await first.result }
  }
}

function damaged(piece: PieceEntry, why: string, cause?: unknown): EcomdbError {
  return new EcomdbError('OBJECT_DAMAGED', {
    what: `cannot use the object ${piece.path}`,
    why,
    hints: ['run `ecomdb backup verify` to see all that is damaged'],
    cause,
  })
}
