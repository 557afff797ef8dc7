import { link, mkdir, open, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { EcomdbError, systemCode } from '#core/errors'
import type { Secret } from '#core/secret'
import { readSecretFile } from '#core/secret-file'
import { translateStorageError } from '#core/storage-error'
import { generatePassword, MACHINE_LENGTH } from '#crypto/generate-password'

/** Passwords of accounts that are about to be made, each in a file of mode 0600. */
export interface PasswordStore {
  files: readonly string[]
  of(user: string | null): Secret | null
}

/**
 * A password is on disk before its account is made, so a crash between the two loses
 * nothing: the next run finds the file and uses it.
 *
 * @param users accounts that need a password
 * @throws EcomdbError SECRET_MISSING when a file is there and others may read it;
 *   STORAGE_FAILED
 */
export async function openPasswordStore(
  folder: string | undefined,
  users: readonly string[],
): Promise<PasswordStore> {
  const passwords = new Map<string, Secret>()
  const files: string[] = []
  if (users.length > 0 && folder === undefined) {
    throw new EcomdbError('USAGE', {
      what: 'there is no place for the passwords of new accounts',
      hints: ['name a folder with --secrets'],
    })
  }
  for (const user of users) {
    const file = join(folder ?? '', `${user}.password`)
    passwords.set(
      user,
      (await writeNew(file)) ?? (await readSecretFile(file, `the password of ${user}`)),
    )
    files.push(file)
  }
  return { files, of: user => (user === null ? null : (passwords.get(user) ?? null)) }
}

/**
 * The file appears under its name only when it is complete.
 *
 * @returns null when it is there already
 */
async function writeNew(path: string): Promise<Secret | null> {
  const password = generatePassword(MACHINE_LENGTH)
  const partial = `${path}.partial`
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await rm(partial, { force: true })
    const file = await open(partial, 'wx', 0o600)
    try {
      await file.writeFile(`${password.reveal()}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    // Unlike rename(2), link(2) never replaces a file that is there.
    await link(partial, path)
    return password
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return null
    throw translateStorageError(error, `cannot write ${path}`)
  } finally {
    await rm(partial, { force: true })
  }
}
