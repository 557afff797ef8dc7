import { stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
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

/** InnoDB's tablespaces: tables, undo logs of both engines. */
const TABLESPACE = /\.(?:ibd|ibu)$|^undo_?\d+$/

interface PageChecks {
  /** Files of the system tablespace, in the folder itself: the server has them as innodb_data_file_path says. */
  system: readonly string[]
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
  {
    system,
    systemRanges = async () => [[]],
    furtherSystem = async () => [],
    strict = [],
  }: PageChecks,
): Promise<{ files: number; problems: string[] }> {
  const problems: string[] = []
  const [name = '', ...further] = system
  const first = join(folder, name)
  for (const range of await systemRanges(first)) {
    const text = await complaint(innochecksum, [...range, first])
    if (text !== null) problems.push(`${name}: ${text}`)
  }
  for (const more of further) {
    const text = await complaint(innochecksum, [
      ...(await furtherSystem(first)),
      join(folder, more),
    ])
    if (text !== null) problems.push(`${more}: ${text}`)
  }
  const files = await tablespaces(folder, system)
  const groups = inGroups(files)
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
  return { files: files.length + system.length, problems: problems.sort() }
}

interface SizedFile {
  path: string
  bytes: number
}

/** All but the system's. */
async function tablespaces(folder: string, system: readonly string[]): Promise<SizedFile[]> {
  const ofSystem = new Set(system.map(name => join(folder, name)))
  const entries = await readDataFolder(folder)
  const paths = entries
    .filter(entry => TABLESPACE.test(entry.name) && entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .filter(path => !ofSystem.has(path))
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
