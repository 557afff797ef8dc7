import { existsSync } from 'node:fs'
import { constants, cp, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { EcomdbError, systemCode } from '#core/errors'
import { cacheFolder } from '#core/paths'
import { noRoom } from '#core/storage-error'
import { isOlder } from '#domain/backup/other-version'
import { withExclusiveLock } from '#process/exclusive-lock'
import { runProgram } from '#process/run-program'
import type { LastingSettings } from '../scratch-server.ts'
import { meansFullDisk } from '../server-error.ts'
import type { ScratchDialect } from './scratch-dialect.ts'

/** Making the system tables takes 4 s on a calm machine. */
const TEMPLATE_WAIT_MS = 120_000

/** Of the server that makes the data directory, and of every one that starts on it. */
export function lastingOptions({ lowerCaseNames, pageSize }: LastingSettings): string[] {
  return [
    ...(lowerCaseNames ? ['--lower-case-table-names=1'] : []),
    ...(pageSize === undefined ? [] : [`--innodb-page-size=${pageSize}`]),
  ]
}

/**
 * The folder's data directory: made where there is none, else checked. It appears under
 * its name only when it is complete; what a crash left half-made is made again.
 *
 * @throws EcomdbError UNSUPPORTED when its data is of a newer version than the program's
 */
export async function prepareData(
  dialect: ScratchDialect,
  folder: string,
  lasting: LastingSettings,
): Promise<void> {
  const data = join(folder, 'data')
  const programVersion = await versionOf(dialect)
  if (existsSync(data)) return await checkVersion(dialect, data, programVersion)
  const partial = join(folder, 'data.partial')
  await rm(partial, { recursive: true, force: true })
  try {
    await makeData(dialect, partial, programVersion, lasting)
  } catch (error) {
    // On a full disk the half-made copy would keep the space that the user needs.
    await rm(partial, { recursive: true, force: true })
    throw error
  }
  await rename(partial, data)
}

/**
 * System tables take seconds to make and are the same every time: they are made once into
 * the cache and then copied. A cache that cannot be written (another user's) is done
 * without.
 */
async function makeData(
  dialect: ScratchDialect,
  destination: string,
  programVersion: string,
  lasting: LastingSettings,
): Promise<void> {
  // The last part tells it from those of before, whose logs were large.
  const options = lastingOptions(lasting)
  const name = [dialect.family, programVersion, process.arch, '2', ...options].join('-')
  const template = await templateData(dialect, name, options).catch(error => {
    if (['EACCES', 'EPERM', 'EROFS'].includes(systemCode(error) ?? '')) return null
    throw error
  })
  if (!template) {
    await initialize(dialect, destination, options)
    return
  }
  await cp(template, destination, { recursive: true, mode: constants.COPYFILE_FICLONE })
}

async function templateData(
  dialect: ScratchDialect,
  name: string,
  options: readonly string[],
): Promise<string> {
  const parent = join(cacheFolder(), 'template')
  const template = join(parent, name)
  if (existsSync(template)) return template
  await mkdir(parent, { recursive: true, mode: 0o700 })
  return await withExclusiveLock({ name: template, waitMs: TEMPLATE_WAIT_MS }, async () => {
    if (existsSync(template)) return template
    const partial = `${template}.partial`
    await rm(partial, { recursive: true, force: true })
    await initialize(dialect, partial, options)
    for (const file of dialect.ownFiles) await rm(join(partial, file), { force: true })
    await rename(partial, template)
    return template
  })
}

async function initialize(
  dialect: ScratchDialect,
  folder: string,
  options: readonly string[],
): Promise<void> {
  await mkdir(folder, { mode: 0o700 })
  try {
    await dialect.initialize(folder, options)
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    if (!(error instanceof EcomdbError) || !meansFullDisk(error.message)) throw error
    throw new EcomdbError('STORAGE_FAILED', {
      what: `cannot make ${dialect.family}'s system tables in ${folder}`,
      ...(error.why ? { why: error.why } : {}),
      hints: ['the disk is full: free some space, then run the command again'],
      cause: noRoom(error),
    })
  }
}

/** Of the server's program: "10.11.19-MariaDB". */
export async function versionOf(dialect: ScratchDialect): Promise<string> {
  const { stdout } = await runProgram(dialect.server(), ['--no-defaults', '--version'])
  return /\bVer (\S+)/.exec(stdout.toString('utf8'))?.[1] ?? 'unknown'
}

async function checkVersion(
  dialect: ScratchDialect,
  data: string,
  programVersion: string,
): Promise<void> {
  const dataVersion = await dialect.dataVersion(data)
  if (dataVersion === null) {
    throw new EcomdbError('UNSUPPORTED', {
      what: `${data} is not a data directory of ${dialect.family}`,
      why: 'files that the server cannot do without are missing',
      hints: ['move it away: the next start makes a new one'],
    })
  }
  if (isOlder(programVersion, dataVersion)) {
    throw new EcomdbError('UNSUPPORTED', {
      what: `the data in ${data} is newer than the ${dialect.family} program`,
      why: `data of ${dataVersion}, program of ${programVersion}; servers cannot go back a version`,
      hints: ['run `bin/setup` to get the newer program, or use another folder or name'],
    })
  }
}
