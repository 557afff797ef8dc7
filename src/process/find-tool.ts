import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { EcomdbError } from '#core/errors'
import { cacheFolder } from '#core/paths'
import type { ProgramCommand } from './program.ts'

/** Debian's folder of libraries for this processor. */
export const DEBIAN_LIBRARIES =
  process.arch === 'arm64' ? 'lib/aarch64-linux-gnu' : 'lib/x86_64-linux-gnu'

/**
 * A program that ecomdb and its tests use beside the servers' own: `age`, `age-keygen`,
 * `zstd`. Looked for on PATH first, then where bin/setup unpacked it.
 *
 * @throws EcomdbError TOOL_MISSING
 */
export function findTool(
  name: string,
  environment: NodeJS.ProcessEnv = process.env,
): ProgramCommand {
  const onPath = (environment['PATH'] ?? '')
    .split(delimiter)
    .filter(folder => folder.startsWith('/'))
    .map(folder => join(folder, name))
    .find(isProgram)
  if (onPath) return { file: onPath, args: [], env: {} }
  const root = join(cacheFolder(environment), 'tools', 'root')
  const unpacked = join(root, 'usr', 'bin', name)
  if (isProgram(unpacked)) {
    const libraries = [join(root, 'usr', DEBIAN_LIBRARIES), join(root, DEBIAN_LIBRARIES)].join(':')
    return { file: unpacked, args: [], env: { LD_LIBRARY_PATH: libraries } }
  }
  throw new EcomdbError('TOOL_MISSING', {
    what: `there is no ${name} on this machine`,
    why: `it is neither on PATH nor in ${root}`,
    hints: ['run `bin/setup` in the ecomdb checkout, or install the package that has it'],
  })
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
