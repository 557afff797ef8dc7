import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Paths of the files of a copy whose names end so, in the folders of databases, too. */
export async function filesEndingWith(folder: string, end: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter(entry => entry.isFile() && entry.name.endsWith(end))
    .map(({ parentPath, name }) => join(parentPath, name))
}
