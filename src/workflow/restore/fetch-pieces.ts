import { createHash } from 'node:crypto'
import { EcomdbError, messageOf } from '#core/errors'
import type { PieceEntry } from '#domain/backup/manifest'
import { decompressFrames } from '../backup/decompress-frames.ts'
import { type OpenedSnapshot, type SnapshotAccess, storedObject } from './open-snapshot.ts'

/** Pieces that are fetched while one is being loaded; bounds memory. */
const AHEAD = 2

/**
 * The rows of pieces, in order: each object is read, checked against its signed SHA-256,
 * decrypted, decompressed on libuv's threads, and checked against the hash of its rows.
 *
 * @throws EcomdbError OBJECT_DAMAGED, WRONG_IDENTITY
 */
export async function* fetchPieces(
  access: SnapshotAccess,
  snapshot: OpenedSnapshot,
  pieces: readonly PieceEntry[],
): AsyncGenerator<Buffer> {
  const coming: Promise<Buffer[]>[] = []
  let next = 0
  const fetchNext = (): void => {
    const piece = pieces[next++]
    if (!piece) return
    const rows = fetchPiece(access, snapshot, piece)
    // Its error is thrown when its turn comes; until then it is not unhandled.
    rows.catch(() => {})
    coming.push(rows)
  }
  for (let i = 0; i < AHEAD; i += 1) fetchNext()
  for (let first = coming.shift(); first; first = coming.shift()) {
    const blocks = await first
    fetchNext()
    yield* blocks
  }
}

async function fetchPiece(
  access: SnapshotAccess,
  snapshot: OpenedSnapshot,
  piece: PieceEntry,
): Promise<Buffer[]> {
  const stored = storedObject(snapshot, piece.path)
  const compressed = await access.repository.readPiece(stored, access.identities)
  const blocks = await decompressFrames(compressed, piece.bytes).catch((error: unknown) => {
    throw damaged(piece, messageOf(error), error)
  })
  const hash = createHash('sha256')
  for (const block of blocks) hash.update(block)
  if (hash.digest('hex') === piece.sha256) return blocks
  throw damaged(piece, 'its rows do not have the hash that the manifest says')
}

function damaged(piece: PieceEntry, why: string, cause?: unknown): EcomdbError {
  return new EcomdbError('OBJECT_DAMAGED', {
    what: `cannot use the object ${piece.path}`,
    why,
    hints: ['run `ecomdb backup verify` to see all that is damaged'],
    cause,
  })
}
