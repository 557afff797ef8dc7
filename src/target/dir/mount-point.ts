import { readFile, realpath } from 'node:fs/promises'
import { sep } from 'node:path'
import { systemCode } from '#core/errors'

/**
 * Where the file system is mounted that a path lies on, by the kernel's own table (proc(5),
 * mountinfo): a bind mount has the same device number as what it shows, so device numbers
 * do not tell. null where there is no such table.
 */
export async function mountPointOf(path: string): Promise<string | null> {
  const table = await mountTable()
  return table === null ? null : longestMountPoint(table, await realpath(path))
}

/** The kernel's own table, which touches no disk; null where there is none. */
export async function mountTable(): Promise<string | null> {
  try {
    return await readFile('/proc/self/mountinfo', 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null
    throw error
  }
}

/** The last of the longest: what is mounted over another one hides it. */
export function longestMountPoint(table: string, path: string): string | null {
  const points = table
    .split('\n')
    .map(line => line.split(' ')[4])
    .filter(field => field !== undefined)
    .map(unescapeOctal)
    .filter(point => path === point || path.startsWith(point.endsWith(sep) ? point : point + sep))
  return points.reduce<string | null>(
    (longest, point) => (point.length >= (longest?.length ?? 0) ? point : longest),
    null,
  )
}

/** The table writes space, tab, newline and backslash as \\040 and the like. */
function unescapeOctal(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  )
}
