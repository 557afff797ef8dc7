import { createHash } from 'node:crypto'
import { EcomdbError, messageOf } from '#core/errors'
import type { Secret } from '#core/secret'
import { isLostOnDisk } from '#core/storage-error'
import { ChunkProof, countRows } from '#domain/backup/chunk-proof'
import type { SnapshotEnvelope, StoredObject } from '#domain/backup/envelope'
import type { ChunkEntry, Manifest, PieceEntry, TableEntry } from '#domain/backup/manifest'
import type { Damage } from '#domain/backup/repository-report'
import type { Repository } from '#repository/repository'
import { decompressFrames } from './decompress-frames.ts'

/**
 * Decrypts and decompresses every piece of a snapshot and compares hashes and row counts with
 * the manifest; then the manifest's own sums.
 *
 * @param skip paths that are known to be damaged
 * @param onPiece is told the stored bytes of each piece that was read
 * @throws EcomdbError WRONG_IDENTITY
 */
export async function checkContent(
  repository: Repository,
  envelope: SnapshotEnvelope,
  manifest: Manifest,
  options: {
    identities: readonly Secret[]
    skip: ReadonlySet<string>
    onPiece: (storedBytes: number) => void
  },
): Promise<{ rows: number; damaged: Damage[] }> {
  const objects = new Map(envelope.objects.map(object => [object.path, object]))
  const damaged: Damage[] = []
  let rows = 0
  for (const table of manifest.tables) {
    const label = `${table.schema}.${table.name}`
    for (const chunk of table.chunks) {
      const proof = new ChunkProof(chunk.hash.kind)
      let whole = true
      for (const piece of chunk.pieces) {
        const object = objects.get(piece.path)
        const plain = await openPiece(repository, object, piece, options).catch(error => {
          damaged.push(damageOf(piece.path, error, label))
          return null
        })
        if (object) options.onPiece(object.bytes)
        if (plain) proof.add(plain)
        else whole = false
      }
      const problem = whole ? chunkProblem(chunk, proof) : null
      if (problem) damaged.push({ path: envelope.manifest.path, problem, tables: [label] })
      rows += chunk.rows
    }
    const sum = tableProblem(table)
    if (sum) damaged.push({ path: envelope.manifest.path, problem: sum, tables: [label] })
  }
  return { rows, damaged }
}

/** Which tables need a path. */
export function tablesOf(manifest: Manifest, path: string): string[] {
  return manifest.tables
    .filter(({ chunks }) => chunks.some(({ pieces }) => pieces.some(piece => piece.path === path)))
    .map(({ schema, name }) => `${schema}.${name}`)
}

async function openPiece(
  repository: Repository,
  object: StoredObject | undefined,
  piece: PieceEntry,
  options: { identities: readonly Secret[]; skip: ReadonlySet<string> },
): Promise<Buffer | null> {
  if (options.skip.has(piece.path)) return null
  if (!object) throw damagedPiece('the envelope does not name it')
  const packed = await repository.readPiece(object, options.identities)
  const frames = await decompressFrames(packed, piece.bytes).catch((error: unknown) => {
    throw damagedPiece(`it does not decompress: ${messageOf(error)}`)
  })
  const plain = Buffer.concat(frames)
  const sha256 = createHash('sha256').update(plain).digest('hex')
  const rows = countRows(plain)
  if (plain.length !== piece.bytes || sha256 !== piece.sha256 || rows !== piece.rows) {
    throw damagedPiece(
      `its content is not the manifest's: ${rows} rows, ${plain.length} bytes, SHA-256 ${sha256}; expected ${piece.rows}, ${piece.bytes}, ${piece.sha256}`,
    )
  }
  return plain
}

function damagedPiece(why: string): EcomdbError {
  return new EcomdbError('OBJECT_DAMAGED', { what: 'an object is damaged', why })
}

/** @throws what is not about this one object */
export function damageOf(path: string, error: unknown, ...tables: string[]): Damage {
  if (error instanceof EcomdbError && isAboutOneObject(error)) {
    return { path, problem: error.why ?? error.what, tables }
  }
  throw error
}

/**
 * A file that cannot be had from this disk is lost with it. One that whoever asks may not read, or a share or
 * service does not hand out now, can be whole: nobody must sign that it is not.
 */
function isAboutOneObject(error: EcomdbError): boolean {
  const { code, cause } = error
  return (
    code === 'OBJECT_DAMAGED' ||
    isLostOnDisk(error) ||
    (code === 'STORAGE_FAILED' && cause === undefined)
  )
}

function chunkProblem(chunk: ChunkEntry, proof: ChunkProof): string | null {
  const found = proof.totals()
  if (found.rows !== chunk.rows) return `a chunk has ${found.rows} rows, and not ${chunk.rows}`
  if (found.bytes !== chunk.bytes) return `a chunk has ${found.bytes} bytes, and not ${chunk.bytes}`
  if (found.hash.value !== chunk.hash.value) return 'the hash of a chunk is not the manifest’s'
  return null
}

function tableProblem(table: TableEntry): string | null {
  const rows = table.chunks.reduce((sum, chunk) => sum + chunk.rows, 0)
  return rows === table.rows
    ? null
    : `its chunks have ${rows} rows, and COUNT(*) was ${table.rows} in the same snapshot`
}
