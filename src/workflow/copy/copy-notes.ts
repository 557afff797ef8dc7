import { mkdir, open, readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '#core/errors'
import { stateFolder } from '#core/paths'
import { translateStorageError } from '#core/storage-error'
import type { CopyPlace, HeldSnapshot } from '#domain/copy/copy-record'

/** What this host knows of a copy by itself, where no signed record could be stored. */
export interface CopyNote extends CopyPlace {
  format: 1
  repositoryId: string
  copyId: string
  label: string
  directory: string
  /** ISO 8601, UTC: when the copy was here the last time. */
  lastSeenAt: string
  /** Every snapshot that it had whole then. */
  snapshots: readonly string[]
  /** As the signed record has it. */
  newest?: readonly HeldSnapshot[]
}

const folderOf = (repositoryId: string): string => join(stateFolder(), 'copies', repositoryId)

/** Every copy of a repository that this host has seen, by id. A damaged note is no note. */
export async function readCopyNotes(repositoryId: string): Promise<Map<string, CopyNote>> {
  const folder = folderOf(repositoryId)
  const notes = new Map<string, CopyNote>()
  for (const name of await entriesOf(folder)) {
    if (!name.endsWith('.json')) continue
    const note = parse(await readFile(join(folder, name), 'utf8'))
    if (note?.repositoryId === repositoryId) notes.set(note.copyId, note)
  }
  return notes
}

/** @throws EcomdbError STORAGE_FAILED */
export async function writeCopyNote(note: CopyNote): Promise<void> {
  const folder = folderOf(note.repositoryId)
  const file = join(folder, `${note.copyId}.json`)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const handle = await open(`${file}.partial`, 'w', 0o600)
    try {
      await handle.writeFile(JSON.stringify(note))
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(`${file}.partial`, file)
  } catch (error) {
    throw translateStorageError(error, `cannot note in ${file} when the copy was seen`)
  }
}

async function entriesOf(folder: string): Promise<string[]> {
  return await readdir(folder).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return []
    throw translateStorageError(error, `cannot list ${folder}`)
  })
}

function parse(text: string): CopyNote | null {
  try {
    const note = JSON.parse(text) as CopyNote
    return note.format === 1 && Array.isArray(note.snapshots) ? note : null
  } catch {
    return null
  }
}
