import { randomUUID } from 'node:crypto'
import type { Clock } from '#core/clock'
import { EcomdbError, messageOf } from '#core/errors'
import type { Target } from '#target/target'
import type { Repository } from './contract.ts'
import { isOfCheck, RECIPE_FILE, REPOSITORY_FILE } from './layout.ts'
import { recipeText } from './recipe.ts'
import { TargetRepository } from './target-repository.ts'

export type {
  Attesting,
  BaseSnapshot,
  BlockOfPack,
  KnownBlocks,
  Repository,
  SnapshotOptions,
  SnapshotWriter,
} from './contract.ts'

/** What ecomdb-repository.json holds. */
interface RepositoryFile {
  kind: 'ecomdb-repository'
  format: number
  repositoryId: string
  /** ISO 8601, UTC. */
  createdAt: string
}

/**
 * Makes a new, empty repository at a target and opens it.
 *
 * @throws EcomdbError TARGET_NOT_EMPTY when a repository or anything else is there;
 *   TARGET_UNAVAILABLE, STORAGE_FAILED
 */
export async function createRepository(target: Target, clock: Clock): Promise<Repository> {
  const found = await firstNames(target)
  if (found.includes(REPOSITORY_FILE)) {
    throw new EcomdbError('TARGET_NOT_EMPTY', {
      what: `will not make a repository in ${target.label}`,
      why: 'there is one already',
      hints: ['run `ecomdb backup list` to see what is in it'],
    })
  }
  const strangers = found.filter(name => name !== RECIPE_FILE)
  if (strangers.length > 0) {
    throw new EcomdbError('TARGET_NOT_EMPTY', {
      what: `will not make a repository in ${target.label}`,
      why: `it is not empty: it holds ${strangers.slice(0, 3).join(', ')}`,
      hints: ['give it a directory of its own'],
    })
  }
  // The recipe may be there from a run that was cut off here; the last file is the commit.
  if (!found.includes(RECIPE_FILE)) await target.put(RECIPE_FILE, [Buffer.from(await recipeText())])
  const file: RepositoryFile = {
    kind: 'ecomdb-repository',
    format: 1,
    repositoryId: randomUUID(),
    createdAt: clock.now().toISOString(),
  }
  await target.put(REPOSITORY_FILE, [Buffer.from(`${JSON.stringify(file)}\n`)])
  return new TargetRepository(target, file.repositoryId)
}

/**
 * Opens the repository at a target.
 *
 * @throws EcomdbError REPOSITORY_NOT_FOUND; REPOSITORY_VERSION; TARGET_UNAVAILABLE when the
 *   target is not there, or is empty as an unmounted disk's mount point is
 */
export async function openRepository(target: Target): Promise<Repository> {
  const bytes = await target.get(REPOSITORY_FILE)
  if (!bytes) throw await notFound(target)
  const file = parseRepositoryFile(bytes, target.label)
  if (file.format !== 1) {
    throw new EcomdbError('REPOSITORY_VERSION', {
      what: `cannot use the repository in ${target.label}`,
      why: `it is of format ${String(file.format)}, and this ecomdb knows format 1`,
      hints: ['use the newer ecomdb that made it'],
    })
  }
  return new TargetRepository(target, file.repositoryId)
}

const NEW_COPY =
  'for a copy on a new disk, `ecomdb target prepare DIRECTORY --label NAME`, then `ecomdb backup copy --to DIRECTORY`'

async function notFound(target: Target): Promise<EcomdbError> {
  if ((await firstNames(target)).length === 0) {
    return new EcomdbError('TARGET_UNAVAILABLE', {
      what: `there is no repository in ${target.label}`,
      why: 'it is empty: its disk is not mounted, or no repository was made there yet',
      hints: [
        'attach its disk, mount it, then run the command again',
        NEW_COPY,
        'only for a new repository, `ecomdb init`: backups never make one by themselves',
      ],
    })
  }
  return new EcomdbError('REPOSITORY_NOT_FOUND', {
    what: `there is no repository in ${target.label}`,
    why: `it has no ${REPOSITORY_FILE}`,
    hints: [
      'check the directory: target, copies or --from',
      NEW_COPY,
      'only for a new repository, `ecomdb init`',
    ],
  })
}

function parseRepositoryFile(bytes: Buffer, label: string): RepositoryFile {
  try {
    const file: RepositoryFile = JSON.parse(bytes.toString('utf8'))
    if (file.kind !== 'ecomdb-repository') throw new Error(`its kind is ${String(file.kind)}`)
    if (file.format === 1 && typeof file.repositoryId !== 'string') throw new Error('it has no id')
    return file
  } catch (error) {
    throw new EcomdbError('REPOSITORY_NOT_FOUND', {
      what: `cannot use the repository in ${label}`,
      why: `${REPOSITORY_FILE} is damaged: ${messageOf(error)}`,
      hints: ['bring the file back from another copy of the repository; it never changes'],
      cause: error,
    })
  }
}

/** Enough names to tell empty from not empty. */
async function firstNames(target: Target): Promise<string[]> {
  const names: string[] = []
  for (const name of [RECIPE_FILE, REPOSITORY_FILE]) {
    if (await target.stat(name)) names.push(name)
  }
  for await (const { name } of target.list('')) {
    if (!names.includes(name) && !isOfCheck(name)) names.push(name)
    if (names.length > 4) break
  }
  return names
}
