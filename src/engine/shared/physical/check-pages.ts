import { join } from 'node:path'
import { readDataFolder } from '#core/data-files'
import { EcomdbError } from '#core/errors'
import type { ProgramCommand } from '#process/program'
import { runProgram } from '#process/run-program'

/** Files of one call: starting the program costs more than a small file. */
const FILES_AT_ONCE = 50

/** InnoDB's tablespaces: tables, the system's, undo logs of both engines. */
const TABLESPACE = /\.(?:ibd|ibu)$|^ibdata\d+$|^undo_?\d+$/

/** The first file of the system tablespace. */
const SYSTEM = 'ibdata1'

/**
 * Both engines have a program of this name and use.
 *
 * @param systemRanges arguments for each part of the system tablespace that is to be checked
 */
export async function checkPages(
  innochecksum: ProgramCommand,
  folder: string,
  systemRanges: (path: string) => Promise<readonly (readonly string[])[]> = async () => [[]],
): Promise<{ files: number; problems: string[] }> {
  const entries = await readDataFolder(folder)
  const files = entries
    .filter(({ name }) => TABLESPACE.test(name) && name !== SYSTEM)
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
  const problems: string[] = []
  for (const range of await systemRanges(join(folder, SYSTEM))) {
    const text = await complaint(innochecksum, [...range, join(folder, SYSTEM)])
    if (text !== null) problems.push(`${SYSTEM}: ${text}`)
  }
  for (let at = 0; at < files.length; at += FILES_AT_ONCE) {
    const some = files.slice(at, at + FILES_AT_ONCE)
    if ((await complaint(innochecksum, some)) === null) continue
    for (const file of some) {
      const text = await complaint(innochecksum, [file])
      if (text !== null) problems.push(`${file.slice(folder.length + 1)}: ${text}`)
    }
  }
  return { files: files.length + 1, problems }
}

/** Null when every page is right. */
async function complaint(
  innochecksum: ProgramCommand,
  args: readonly string[],
): Promise<string | null> {
  try {
    await runProgram(innochecksum, args, { diesWithUs: true })
    return null
  } catch (error) {
    if (!(error instanceof EcomdbError) || error.code !== 'TOOL_FAILED') throw error
    return (error.why ?? error.what).replace(/\s+/g, ' ')
  }
}
