import { stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import { readDataFolder } from '#core/data-files'
import { EcomdbError } from '#core/errors'
import { MIB } from '#core/units'
import type { ProgramCommand } from '#process/program'
import { runProgram } from '#process/run-program'

/** Of one call: starting the program costs more than a small file. */
const FILES_AT_ONCE = 50
const BYTES_AT_ONCE = 64 * MIB
/** Calls at a time; more than these read faster than disks give. */
const MOST_CALLS = 4

/** InnoDB's tablespaces: tables, the system's, undo logs of both engines. */
const TABLESPACE = /\.(?:ibd|ibu)$|^ibdata\d+$|^undo_?\d+$/

/** The first file of the system tablespace, and the others. */
const SYSTEM = 'ibdata1'
const MORE_OF_SYSTEM = /^ibdata\d+$/

interface PageChecks {
  /** Arguments for each part of the system tablespace that is to be checked. */
  systemRanges?: (path: string) => Promise<readonly (readonly string[])[]>
  /** Arguments for further files of the system tablespace, which do not begin with page 0. */
  furtherSystem?: (path: string) => Promise<readonly string[]>
  /**
   * Arguments of a faster check that lets pass less. What it complains of is looked at again
   * without them, and that answer counts.
   */
  strict?: readonly string[]
}

/** Both engines have a program of this name and use. */
export async function checkPages(
  innochecksum: ProgramCommand,
  folder: string,
  { systemRanges = async () => [[]], furtherSystem, strict = [] }: PageChecks = {},
): Promise<{ files: number; problems: string[] }> {
  const files = await tablespaces(folder)
  const problems: string[] = []
  for (const range of await systemRanges(join(folder, SYSTEM))) {
    const text = await complaint(innochecksum, [...range, join(folder, SYSTEM)])
    if (text !== null) problems.push(`${SYSTEM}: ${text}`)
  }
  const further = furtherSystem ? files.filter(isFurther) : []
  for (const { path } of further) {
    const args = (await furtherSystem?.(join(folder, SYSTEM))) ?? []
    const text = await complaint(innochecksum, [...args, path])
    if (text !== null) problems.push(`${path.slice(folder.length + 1)}: ${text}`)
  }
  const groups = inGroups(files.filter(file => !further.includes(file)))
  const check = async (): Promise<void> => {
    for (let group = groups.shift(); group; group = groups.shift()) {
      if ((await complaint(innochecksum, [...strict, ...group])) === null) continue
      for (const file of group) {
        const text = await complaint(innochecksum, [file])
        if (text !== null) problems.push(`${file.slice(folder.length + 1)}: ${text}`)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(MOST_CALLS, availableParallelism()) }, check))
  return { files: files.length + 1, problems: problems.sort() }
}

interface SizedFile {
  path: string
  bytes: number
}

const isFurther = ({ path }: SizedFile): boolean => MORE_OF_SYSTEM.test(basename(path))

/** All but the system's. */
async function tablespaces(folder: string): Promise<SizedFile[]> {
  const entries = await readDataFolder(folder)
  const paths = entries
    .filter(({ name }) => TABLESPACE.test(name) && name !== SYSTEM)
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
  return await Promise.all(paths.map(async path => ({ path, bytes: (await stat(path)).size })))
}

/** The largest first, so that the calls end together. */
function inGroups(files: readonly SizedFile[]): string[][] {
  const groups: { paths: string[]; bytes: number }[] = []
  for (const { path, bytes } of files.toSorted((a, b) => b.bytes - a.bytes)) {
    const last = groups.at(-1)
    if (last && last.paths.length < FILES_AT_ONCE && last.bytes + bytes <= BYTES_AT_ONCE) {
      last.paths.push(path)
      last.bytes += bytes
    } else groups.push({ paths: [path], bytes })
  }
  return groups.map(({ paths }) => paths)
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
