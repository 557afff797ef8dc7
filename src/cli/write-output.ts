import { access, constants, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { EcomdbError, messageOf, systemCode } from '#core/errors'

/**
 * Could this file be written? Asked before long work, so that its result has a place.
 *
 * @param flag that names it, for the hint: "--out"
 * @throws EcomdbError USAGE for a folder, or one that is not there; STORAGE_FAILED
 */
export async function checkOutput(file: string | undefined, flag: string): Promise<void> {
  if (file === undefined) return
  const path = resolve(file)
  const there = await stat(path).catch(() => null)
  if (there && !there.isFile()) {
    throw cannotWrite('USAGE', path, flag, 'it is there, and is not a file')
  }
  const folder = await stat(dirname(path)).catch(() => null)
  if (!folder?.isDirectory()) throw cannotWrite('USAGE', path, flag, 'its folder is not there')
  await access(dirname(path), constants.W_OK).catch(error => {
    throw cannotWrite('STORAGE_FAILED', path, flag, messageOf(error))
  })
}

/**
 * Writes a result to a file, whole or not at all; a file of this name is replaced.
 *
 * @returns the absolute path
 * @throws EcomdbError as checkOutput
 */
export async function writeOutput(file: string, text: string, flag: string): Promise<string> {
  await checkOutput(file, flag)
  const path = resolve(file)
  const partial = `${path}.${process.pid}.partial`
  try {
    await writeFile(partial, text, { flag: 'wx', mode: 0o644 })
    await rename(partial, path)
    return path
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {})
    const why = systemCode(error) === 'ENOSPC' ? 'the disk is full' : messageOf(error)
    throw cannotWrite('STORAGE_FAILED', path, flag, why)
  }
}

function cannotWrite(
  code: 'USAGE' | 'STORAGE_FAILED',
  path: string,
  flag: string,
  why: string,
): EcomdbError {
  return new EcomdbError(code, {
    what: `cannot write ${path}`,
    why,
    hints: [`name a file in a folder that you may write with ${flag}`],
  })
}
