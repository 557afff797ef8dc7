import { randomUUID } from 'node:crypto'
import type { Clock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import type { PreparedCopy } from '#domain/copy/copy-report'
import { type CopyMarker, readCopyMarker, writeCopyMarker } from '#repository/copy-marker'
import { isOfCheck, REPOSITORY_FILE } from '#repository/layout'
import { recipeText } from '#repository/recipe'
import { openRepository } from '#repository/repository'
import type { Target } from '#target/target'
import { isOwnDisk } from './open-copy.ts'

export interface PrepareOptions {
  /** The repository that is going to be copied. */
  source: Target
  /** A folder that is there, on the disk that is to hold the copy. */
  destination: Target
  /** What is written on the disk. */
  label: string
  /** The folder may lie on the system's disk or the repository's own. */
  sameDisk: boolean
  clock: Clock
}

/**
 * `ecomdb target prepare`: gives a folder the marker of a copy, so that from then on it is known
 * from the empty mount point that its disk leaves behind. Run again it changes nothing.
 *
 * @throws EcomdbError TARGET_UNAVAILABLE when no disk is mounted there; TARGET_NOT_EMPTY
 */
export async function prepareCopy(options: PrepareOptions): Promise<PreparedCopy> {
  const { source, destination, label } = options
  const repository = await openRepository(source)
  const repositoryFile = await source.get(REPOSITORY_FILE)
  if (!repositoryFile) throw new Error('a repository was opened that has no file of its own')
  const found = await readCopyMarker(destination)
  const { mountPoint } = await destination.inspect()
  if (found) await checkFound(found, options, repository.id)
  else {
    if (await checkEmpty(destination, repository.id)) await refuseItself(source, destination)
    await checkDisk(options, mountPoint)
  }
  const marker: CopyMarker = found ?? {
    kind: 'ecomdb-copy',
    format: 1,
    copyId: randomUUID(),
    repositoryId: repository.id,
    label,
    mounted: !options.sameDisk && isOwnDisk(mountPoint),
    preparedAt: options.clock.now().toISOString(),
  }
  const made = !found || !(await destination.stat(REPOSITORY_FILE))
  await writeCopyMarker(destination, marker, Buffer.from(await recipeText()), repositoryFile)
  const { copyId, mounted } = marker
  const place = { directory: destination.label, mountPoint, mounted }
  return { copyId, label: marker.label, ...place, repositoryId: repository.id, made }
}

/** A disk that was prepared before keeps its id and its label. */
async function checkFound(
  { repositoryId, label }: CopyMarker,
  options: PrepareOptions,
  ours: string,
): Promise<void> {
  const refuse = (why: string): never => {
    throw new EcomdbError('TARGET_NOT_EMPTY', {
      what: `will not prepare ${options.destination.label}`,
      why,
      hints: ['use another folder on the disk'],
    })
  }
  if (repositoryId !== ours) refuse(`it is a copy of another repository, ${repositoryId}`)
  if (label !== options.label) refuse(`it is prepared already, as ${JSON.stringify(label)}`)
}

/**
 * Empty, or the same repository: one that was copied by other means may become a copy.
 * @returns the same repository is there
 */
async function checkEmpty(destination: Target, repositoryId: string): Promise<boolean> {
  if (await destination.stat(REPOSITORY_FILE)) {
    const { id } = await openRepository(destination)
    if (id === repositoryId) return true
    throw notEmpty(destination.label, `it holds another repository, ${id}`)
  }
  for await (const { name } of destination.list('')) {
    if (!/^RESTORE[\w.-]*\.md$/.test(name) && !isOfCheck(name))
      throw notEmpty(destination.label, `it holds ${name}`)
  }
  return false
}

/**
 * A place that is empty is another one, even if it is called the same, as a bucket of another service. By another
 * name, as a link, or a mount of the same folder: with a marker the repository would be a copy itself,
 * and what was proved of it would be said of another place. A file that is written here is there, too. A bucket
 * goes by one name, and may not let the file be removed.
 */
async function refuseItself(source: Target, destination: Target): Promise<void> {
  const itself = (): EcomdbError => notEmpty(destination.label, 'it is the repository itself')
  if (source.label === destination.label) throw itself()
  if (destination.lock || (await destination.inspect()).space === null) return
  const name = `check-${randomUUID()}/same`
  await destination.put(name, [Buffer.from('the same place?\n')])
  try {
    if (await source.stat(name)) throw itself()
  } finally {
    await destination.remove(name)
  }
}

/** @throws EcomdbError TARGET_UNAVAILABLE */
async function checkDisk(
  { source, destination, sameDisk }: PrepareOptions,
  mountPoint: string | null,
): Promise<void> {
  if (sameDisk || mountPoint === null) return
  const ours = (await source.inspect()).mountPoint
  if (isOwnDisk(mountPoint) && mountPoint !== ours) return
  throw new EcomdbError('TARGET_UNAVAILABLE', {
    what: `will not prepare ${destination.label}`,
    why: isOwnDisk(mountPoint)
      ? `it is on the repository's own disk (${mountPoint}), and would be lost with it`
      : "no disk is mounted there: it is on the system's own disk",
    hints: [
      'mount the disk, then run the command again: `findmnt` shows what is mounted',
      'for a trial, or a folder that something else carries away, add --same-disk',
    ],
  })
}

function notEmpty(label: string, why: string): EcomdbError {
  return new EcomdbError('TARGET_NOT_EMPTY', {
    what: `will not make a copy in ${label}`,
    why,
    hints: ['give it an empty folder of its own'],
  })
}
