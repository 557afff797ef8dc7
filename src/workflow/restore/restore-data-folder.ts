import { existsSync } from 'node:fs'
import { lstat, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { throwIfInterrupted } from '#core/interruption'
import { stateFolder } from '#core/paths'
import type { Progress } from '#core/progress'
import { countOf } from '#core/units'
import { type Check, checkOf } from '#domain/backup/check'
import type { Engine } from '#engine/engine'
import { makeOwnFolder } from '#process/own-folder'
import { closing } from '../backup/closing.ts'
import { moveFiles, removeFiles } from './data-folder-mark.ts'
import type { PhysicalLayer } from './open-physical.ts'
import type { SnapshotAccess } from './open-snapshot.ts'
import { restoreFiles } from './restore-files.ts'

/**
 * In the data directory until they are prepared: mariadb-backup removes every empty folder that it
 * finds beside the files, lost+found too.
 */
const FILES = '.ecomdb-files'
const INCREMENTS = '.ecomdb-increments'

/**
 * A data directory out of a chain of snapshots: files, increments, the log applied, pages
 * checked by the engine's own program. `folder` must be there and empty; what a failure leaves
 * in it is the caller's to remove.
 *
 * @param resume `folder` holds what a restore that was cut off has left, at whatever step: of it all is used that
 *   is as the snapshots have it
 * @throws EcomdbError OBJECT_DAMAGED, WRONG_IDENTITY, TOOL_FAILED, STORAGE_FAILED
 */
export async function restoreDataFolder(
  engine: Engine,
  access: SnapshotAccess,
  layers: readonly PhysicalLayer[],
  folder: string,
  progress: Progress,
  resume = false,
): Promise<Check[]> {
  const { prepare, checkPages, modes } = engine.physicalBackups
  progress.stage('reading, decrypting and writing files')
  progress.total({ bytes: bytesOf(layers) })
  const files = join(folder, FILES)
  const increments: string[] = []
  if (resume) await gatherFiles(folder, layers.length, modes.folder)
  let kept = 0
  for (const [place, layer] of layers.entries()) {
    const into = place === 0 ? files : join(folder, INCREMENTS, String(place))
    if (place > 0) increments.push(into)
    throwIfInterrupted()
    await mkdir(into, { recursive: true, mode: modes.folder })
    kept += await restoreFiles(access, layer, { folder: into, modes, resume }, progress)
  }
  throwIfInterrupted()
  progress.stage('applying the log')
  await withWorkFolder(workFolder => prepare(files, { increments, workFolder }))
  await rm(join(folder, INCREMENTS), { recursive: true, force: true })
  throwIfInterrupted()
  progress.stage('checking pages')
  const pages = await checkPages(files, layers.at(-1)?.manifest.settings ?? {})
  await moveFiles(files, folder)
  await rm(files, { recursive: true })
  const blocks = layers.reduce((sum, { manifest }) => sum + manifest.blocks.length, 0)
  return [
    checkOf('blocks', `${countOf(blocks, 'block')}, every one with its hash${keptText(kept)}`, []),
    checkOf(
      'pages',
      `innochecksum read every page of ${countOf(pages.files, 'file')}`,
      pages.problems,
    ),
  ]
}

const keptText = (kept: number): string =>
  kept === 0 ? '' : `; of them ${kept} were there already`

/** Puts what had come to its place back below the folder of its work, and removes what this chain has not. */
async function gatherFiles(folder: string, layers: number, mode: number): Promise<void> {
  const files = join(folder, FILES)
  const increments = join(folder, INCREMENTS)
  await removeNoFolder(files)
  await removeNoFolder(increments)
  await mkdir(files, { recursive: true, mode })
  const there = await readdir(files)
  await moveFiles(folder, files, [FILES, INCREMENTS, ...there])
  // Of a name that is in both, neither is to be trusted more.
  await removeFiles(folder, [FILES, INCREMENTS])
  for (const name of existsSync(increments) ? await readdir(increments) : []) {
    const one = join(increments, name)
    if (Number(name) < layers) await removeNoFolder(one)
    else await rm(one, RECURSIVE)
  }
}

/** Whoever owns the data directory may have made a link of it, which we would follow as root. */
async function removeNoFolder(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null)
  if (found && !found.isDirectory()) await rm(path)
}

const RECURSIVE = { recursive: true, force: true } as const

function bytesOf(layers: readonly PhysicalLayer[]): number {
  const blocks = layers.flatMap(({ manifest }) => manifest.blocks)
  return blocks.reduce((sum, { bytes }) => sum + bytes, 0)
}

/** A folder of this run's own, for what an engine's program writes beside its work. */
async function withWorkFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await makeOwnFolder(join(stateFolder(), 'physical'), 'restore')
  const remove = closing(() => rm(folder, { recursive: true, force: true }))
  try {
    await use(folder)
  } finally {
    await remove()
  }
}
