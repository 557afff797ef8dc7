import { closeSync, existsSync, ftruncateSync, openSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { EcomdbError } from '#core/errors'
import { throwIfInterrupted } from '#core/interruption'
import type { Progress } from '#core/progress'
import { translateStorageError } from '#core/storage-error'
import type { FileEntry } from '#domain/backup/physical-manifest'
import { filesThere, NOTHING_THERE } from './files-there.ts'
import type { PhysicalLayer } from './open-physical.ts'
import type { SnapshotAccess } from './open-snapshot.ts'
import { readPacks, usedPacks } from './read-packs.ts'

export interface FilesPlace {
  folder: string
  modes: { file: number; folder: number }
  /** What a restore that was cut off has left there is gone on with. */
  resume: boolean
}

/**
 * Writes the files of one snapshot below `folder`, each block checked by its hash before it is
 * written. What no block covers is a hole.
 *
 * @returns blocks that were there already
 * @throws EcomdbError OBJECT_DAMAGED, WRONG_IDENTITY, STORAGE_FAILED
 */
export async function restoreFiles(
  access: SnapshotAccess,
  layer: PhysicalLayer,
  { folder, modes, resume }: FilesPlace,
  progress: Progress,
): Promise<number> {
  const { manifest } = layer
  refuseLinks(manifest.files)
  const onBytes = (bytes: number): void => {
    throwIfInterrupted()
    progress.advance({ bytes })
  }
  try {
    const isThere = resume ? await filesThere(folder, manifest, onBytes) : NOTHING_THERE
    const blocks = manifest.blocks.filter(block => !isThere(block))
    await makeFiles(folder, manifest.files, modes, resume)
    await readPacks(access, layer, usedPacks({ ...manifest, blocks }, folder), (_, outcome) => {
      if ('error' in outcome) throw outcome.error
      onBytes(outcome.bytes)
    })
    return manifest.blocks.length - blocks.length
  } catch (error) {
    throw translateStorageError(error, `cannot write into ${folder}`)
  }
}

/** A file that says where a table is would make the server open another place, a live one. */
function refuseLinks(files: readonly FileEntry[]): void {
  const link = files.find(({ path }) => path.endsWith('.isl'))
  if (!link) return
  throw new EcomdbError('UNSUPPORTED', {
    what: 'this snapshot has a table that lies outside of the data directory',
    why: link.path,
    hints: ['restore a logical snapshot'],
  })
}

/** Every folder, and every file in its size; with `resume` those that are there stay as they are. */
async function makeFiles(
  folder: string,
  files: readonly FileEntry[],
  modes: { file: number; folder: number },
  resume: boolean,
): Promise<void> {
  const folders = files.map(({ path }) => (path.endsWith('/') ? path.slice(0, -1) : dirname(path)))
  for (const name of new Set(folders)) {
    throwIfInterrupted()
    await mkdir(join(folder, name), { recursive: true, mode: modes.folder })
  }
  for (const { path, bytes } of files) {
    if (path.endsWith('/')) continue
    if (resume && existsSync(join(folder, path))) continue
    const descriptor = openSync(join(folder, path), 'wx', modes.file)
    ftruncateSync(descriptor, bytes)
    closeSync(descriptor)
  }
}
