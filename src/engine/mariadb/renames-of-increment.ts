import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { EcomdbError, systemCode } from '#core/errors'
import { filesEndingWith } from './files-ending-with.ts'

/** What an increment has of a table: the pages that have changed, and of which tablespace they are. */
const OF_A_TABLE = ['.ibd.delta', '.ibd.meta'] as const

/**
 * Does what mariadb-backup would do first with an increment: files of tables that were dropped while they were copied
 * go (`bank/t.del`), and those of renamed ones (`bank/t.ren`, whose text is `bank/new`) get their names. It moves the
 * two files of a table one after another, and each with all that is in the way: where two tables changed places
 * (RENAME TABLE a TO c, b TO a, c TO b; EXCHANGE PARTITION) it looks for a file that it has moved already, and ends
 * (10.11.19, measured: seven of ten such increments; extra/mariabackup/xtrabackup.cc, rename_table_in_prepare). What
 * is done here it does not find any more.
 *
 * @param folder of an increment, not prepared
 * @throws EcomdbError TOOL_FAILED where two tables would have one name
 */
export async function renameInIncrement(folder: string): Promise<void> {
  for (const file of await filesEndingWith(folder, '.del')) {
    const path = file.slice(0, -'.del'.length)
    for (const end of OF_A_TABLE) await rm(`${path}${end}`, { force: true })
    await rm(`${path}.del`)
  }
  const renamed: { from: string; to: string }[] = []
  for (const file of await filesEndingWith(folder, '.ren')) {
    const from = file.slice(0, -'.ren'.length)
    renamed.push({ from, to: join(folder, await readFile(`${from}.ren`, 'utf8')) })
  }
  // All step aside before any takes the place of another.
  for (const { from } of renamed) await move(from, `${from}${ASIDE}`)
  for (const { from, to } of renamed) {
    await mkdir(dirname(to), { recursive: true })
    await move(`${from}${ASIDE}`, to)
    await rm(`${from}.ren`)
  }
}

/** No name of a table: its `#` is `@0023` in a file's name. */
const ASIDE = '#ecomdb'

async function move(from: string, to: string): Promise<void> {
  const there = await readdir(dirname(to)).catch(() => [])
  for (const end of OF_A_TABLE) {
    if (there.some(name => join(dirname(to), name) === `${to}${end}`)) throw cannot(from, to)
    await rename(`${from}${end}`, `${to}${end}`).catch((error: unknown) => {
      throw systemCode(error) === 'ENOENT' ? cannot(from, to, error) : error
    })
  }
}

function cannot(from: string, to: string, cause?: unknown): EcomdbError {
  return new EcomdbError('TOOL_FAILED', {
    what: 'the tables of an increment cannot have the names that they had at its end',
    why: cause
      ? `${from} was renamed to ${to}, and is not among its files`
      : `${from} was renamed to ${to}, which is another table's`,
    hints: ['restore the snapshot before it: `ecomdb backup list`; and drill it first'],
    ...(cause ? { cause } : {}),
  })
}
