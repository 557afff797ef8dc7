import { EcomdbError, messageOf } from '#core/errors'
import type { Target } from '#target/target'
import { COPY_FILE, RECIPE_FILE, REPOSITORY_FILE } from './layout.ts'

/** What ecomdb-copy.json holds (docs/formats.md). */
export interface CopyMarker {
  kind: 'ecomdb-copy'
  format: 1
  /** UUID: of this copy, and so of its disk. */
  copyId: string
  /** Of which repository. */
  repositoryId: string
  /** What a person calls it: what is written on the disk. */
  label: string
  /** It lies on a mounted file system of its own, and must again. */
  mounted: boolean
  /** ISO 8601, UTC. */
  preparedAt: string
}

/**
 * @returns null where there is none: no copy, or a disk that is not mounted
 * @throws EcomdbError REPOSITORY_VERSION, REPOSITORY_NOT_FOUND (damaged), TARGET_UNAVAILABLE
 */
export async function readCopyMarker(target: Target): Promise<CopyMarker | null> {
  const file = await target.get(COPY_FILE)
  if (!file) return null
  const marker = parse(file, target.label)
  if (marker.format !== 1) {
    throw new EcomdbError('REPOSITORY_VERSION', {
      what: `cannot use the copy in ${target.label}`,
      why: `its marker is of format ${String(marker.format)}, and this ecomdb knows format 1`,
      hints: ['use the newer ecomdb that prepared it'],
    })
  }
  return marker
}

/**
 * Makes an empty copy in a target: the recipe, the marker, and last the repository's own
 * file. A preparation that was cut off is completed by the next one.
 *
 * @param repositoryFile the bytes of the repository's ecomdb-repository.json
 */
export async function writeCopyMarker(
  target: Target,
  marker: CopyMarker,
  recipe: Uint8Array,
  repositoryFile: Uint8Array,
): Promise<void> {
  const files: [string, Uint8Array][] = [
    [RECIPE_FILE, recipe],
    [COPY_FILE, Buffer.from(`${JSON.stringify(marker)}\n`)],
    [REPOSITORY_FILE, repositoryFile],
  ]
  for (const [name, bytes] of files) {
    if (!(await target.stat(name))) await target.put(name, [bytes])
  }
}

function parse(file: Buffer, label: string): CopyMarker {
  try {
    const marker: CopyMarker = JSON.parse(file.toString('utf8'))
    if (marker.kind !== 'ecomdb-copy') throw new Error(`its kind is ${String(marker.kind)}`)
    for (const member of ['copyId', 'repositoryId', 'label'] as const) {
      if (typeof marker[member] !== 'string') throw new Error(`it has no ${member}`)
    }
    return marker
  } catch (error) {
    throw new EcomdbError('REPOSITORY_NOT_FOUND', {
      what: `cannot use the copy in ${label}`,
      why: `${COPY_FILE} is damaged: ${messageOf(error)}`,
      hints: [
        'check the disk: `ecomdb backup verify --all --target DIRECTORY`',
        `if it is sound, remove ${COPY_FILE} and prepare it again: \`ecomdb target prepare\``,
      ],
      cause: error,
    })
  }
}
