import { EcomdbError, systemCode } from '#core/errors'
import type { StoredObject } from '#domain/backup/envelope'
import type { Target } from '#target/target'
import { sha256Hex } from './trusted-files.ts'
import { noteUnsteady } from './unsteady-reads.ts'

/** Of so many reads, all of them wrong, two must agree before the file is called damaged. */
const MOST_READS = 3

/** What one read gave: the bytes, or why they are not the file's. */
type Look = { bytes: Buffer } | { why: string; error: EcomdbError | null }

/**
 * The bytes of a stored file, as signed. Wrong ones are read again, past this machine's memory (in a bucket by
 * another request): a bit that flipped on the way here must not be signed as damage.
 *
 * @throws EcomdbError OBJECT_DAMAGED when two reads agree on what is wrong; STORAGE_FAILED when each read gives
 *   something else, or when the file cannot be read; TARGET_UNAVAILABLE
 */
export async function readSteadily(target: Target, stored: StoredObject): Promise<Buffer> {
  const { path, versionId } = stored
  const wrong: string[] = []
  for (let read = 1; read <= MOST_READS; read += 1) {
    const look = await lookAt(stored, async () =>
      read === 1
        ? await target.get(path, { versionId })
        : ((await target.readBack(path, versionId))?.bytes ?? null),
    )
    if ('bytes' in look) {
      if (wrong.length > 0) noteUnsteady(target, { name: path, problem: mended(wrong, read) })
      return look.bytes
    }
    if (wrong.includes(look.why)) throw look.error ?? damaged(path, look.why)
    wrong.push(look.why)
  }
  throw unsteady(path, target.label, wrong)
}

async function lookAt(
  { bytes: size, sha256 }: StoredObject,
  read: () => Promise<Buffer | null>,
): Promise<Look> {
  try {
    const bytes = await read()
    if (!bytes) return { why: 'it is missing', error: null }
    if (bytes.length !== size) {
      return { why: `it has ${bytes.length} bytes, and ${size} were stored`, error: null }
    }
    const found = sha256Hex(bytes)
    if (found === sha256) return { bytes }
    return { why: `its SHA-256 is ${found}, and ${sha256} was stored`, error: null }
  } catch (error) {
    // A disk that gives an error may give the bytes the next time; a service was asked several times.
    const isOfDisk = error instanceof EcomdbError && systemCode(error.cause) !== undefined
    if (!isOfDisk || error.code !== 'STORAGE_FAILED') throw error
    return { why: error.why ?? error.what, error }
  }
}

const mended = (wrong: readonly string[], read: number): string =>
  `${wrong.join('; ')}; read again (${read} times in all) it is as signed`

function unsteady(path: string, label: string, wrong: readonly string[]): EcomdbError {
  return new EcomdbError('STORAGE_FAILED', {
    what: `cannot read ${path} from ${label}`,
    why: `each of ${wrong.length} reads gave something else: ${wrong.join('; ')}`,
    hints: [
      'what lies there may be whole: nothing was signed about it',
      'find what changes bytes on the way: memory, cable, disk controller, or a proxy in between',
    ],
    // No system error, and so nobody's word that the file is lost.
    cause: new Error('reads differ'),
  })
}

export function damaged(path: string, why: string): EcomdbError {
  return new EcomdbError('OBJECT_DAMAGED', {
    what: `the object ${path} is damaged`,
    why,
    hints: [
      'run `ecomdb backup verify --all` to see what else is, and which tables are concerned',
      'use another copy of the repository; the next backup stores a damaged object anew',
    ],
  })
}
