import { open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { filesEndingWith } from './files-ending-with.ts'

/** Of the number of its tablespace in a file's first page (FIL_PAGE_SPACE_ID), big-endian. */
const SPACE_AT = 34

/**
 * Makes way for tables that an increment has as a whole (`bank/t.new`). mariadb-backup copies one so that was made
 * meanwhile, or only renamed while it looked around; its prepare puts it in the place of whatever has that name. Where
 * tables changed places, what is there is another table, which a delta of the increment is about, and its own file of
 * before lies under another name: InnoDB finds one tablespace twice, and the program ends with 1 (10.11.19, measured).
 *
 * @param folder what the increment is applied to
 * @param increment its folder, not prepared, with the names that its tables had at its end
 */
export async function makeWayForNew(folder: string, increment: string): Promise<void> {
  const made = await filesEndingWith(increment, '.new')
  if (made.length === 0) return
  const present = new Map<string, number>()
  for (const path of await filesEndingWith(folder, '.ibd')) {
    if (!path.startsWith(increment)) present.set(path, await spaceOf(path))
  }
  const changed = new Set<number>()
  for (const path of await filesEndingWith(increment, '.ibd.meta')) {
    const [, space] = /^space_id = (\d+)$/m.exec(await readFile(path, 'utf8')) ?? []
    if (space) changed.add(Number(space))
  }
  for (const path of made) {
    const place = join(folder, relative(increment, path).replace(/\.new$/, '.ibd'))
    const space = await spaceOf(path)
    for (const [other, number] of [...present]) {
      if (number !== space || other === place) continue
      await rm(other, { force: true })
      present.delete(other)
    }
  }
  for (const path of made) {
    const place = join(folder, relative(increment, path).replace(/\.new$/, '.ibd'))
    const there = present.get(place)
    if (there === undefined || there === (await spaceOf(path)) || !changed.has(there)) continue
    // The program finds it by its number, and gives it its name; it calls files so itself.
    await rename(place, join(dirname(place), `xtrabackup_tmp_#${there}.ibd`))
  }
}

async function spaceOf(path: string): Promise<number> {
  const file = await open(path)
  try {
    const bytes = Buffer.alloc(4)
    await file.read(bytes, 0, 4, SPACE_AT)
    return bytes.readUInt32BE()
  } finally {
    await file.close()
  }
}
