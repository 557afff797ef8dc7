import { rename, rm, stat, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { EcomdbError, messageOf, systemCode } from '#core/errors'

/**
 * Writes a result to a file, whole or not at all; a file of this name is replaced.
 *
 * @returns the absolute path
 * @throws EcomdbError USAGE for a folder, or one that is not there; STORAGE_FAILED
 */
export async function writeOutput(file: string, text: string): Promise<string> {
  const path = resolve(file)
  const there = await stat(path).catch(() => null)
  if (there && !there.isFile()) throw cannotWrite(path, 'it is there, and is not a file')
  const partial = `${path}.${process.pid}.partial`
  try {
    await writeFile(partial, text, { flag: 'wx', mode: 0o644 })
    await rename(partial, path)
    return path
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {})
    throw systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR'
      ? cannotWrite(path, 'its folder is not there')
      : new EcomdbError('STORAGE_FAILED', {
          what: `cannot write ${path}`,
          why: messageOf(error),
          hints: ['name another file with --out, or leave --out away to see it here'],
          cause: error,
        })
  }
}

function cannotWrite(path: string, why: string): EcomdbError {
  return new EcomdbError('USAGE', {
    what: `cannot write ${path}`,
    why,
    hints: ['name a file in a folder that exists with --out'],
  })
}
