import { readFile, stat } from 'node:fs/promises'
import { EcomdbError, messageOf, systemCode } from './errors.ts'
import { Secret } from './secret.ts'
import { shellWord } from './shell-word.ts'

/**
 * Reads a secret of one line from a file that its owner alone may read, as ssh(1) asks of
 * its keys. One newline at the end is not part of the secret.
 *
 * @param purpose for messages: "the server's password"
 * @throws EcomdbError SECRET_MISSING: no such file, empty, or readable by others
 */
export async function readSecretFile(path: string, purpose: string): Promise<Secret> {
  await refuseOpenMode(path, purpose)
  const text = (
    await readFile(path, 'utf8').catch(error => unreadable(path, purpose, error))
  ).replace(/\r?\n$/, '')
  if (!text) {
    throw new EcomdbError('SECRET_MISSING', {
      what: `${path} is empty`,
      why: `it should hold ${purpose}`,
    })
  }
  return new Secret(text)
}

/**
 * @param whenMissing one more hint, for a file that is not there
 * @throws EcomdbError SECRET_MISSING when the file is missing, or group or others may read it
 */
export async function refuseOpenMode(
  path: string,
  purpose: string,
  whenMissing?: string,
): Promise<void> {
  const found = await stat(path).catch(error => unreadable(path, purpose, error, whenMissing))
  if (!found.isFile()) {
    throw new EcomdbError('SECRET_MISSING', {
      what: `${path} is no file`,
      why: `it should hold ${purpose}`,
    })
  }
  if ((found.mode & 0o077) !== 0) {
    throw new EcomdbError('SECRET_MISSING', {
      what: `${path} is open to other users, so it is not used`,
      why: `it holds ${purpose}; its mode is ${(found.mode & 0o777).toString(8).padStart(4, '0')}, and 0600 is expected`,
      hints: [`run \`chmod 600 ${shellWord(path)}\`; if others may have read it, make a new one`],
    })
  }
}

function unreadable(path: string, purpose: string, error: unknown, hint?: string): never {
  throw new EcomdbError('SECRET_MISSING', {
    what: `cannot read ${path}`,
    why: `it should hold ${purpose}; ${systemCode(error) === 'ENOENT' ? 'there is no such file' : messageOf(error)}`,
    hints: [
      ...(hint === undefined ? [] : [hint]),
      'run `ecomdb doctor` to see which files are expected, and where',
    ],
    cause: error,
  })
}
