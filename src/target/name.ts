import { EcomdbError } from '#core/errors'

/** What a name in a target may be: slash-separated parts that do not start with a dot. */
const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/
const PREFIX = /^([A-Za-z0-9_-][A-Za-z0-9._-]*\/)*([A-Za-z0-9_-][A-Za-z0-9._-]*)?$/

/**
 * Refuses what could lead out of the target: '..', an absolute path, a backslash, a NUL.
 * Names come from files that an attacker may have written, so every implementation asks.
 *
 * @throws EcomdbError STORAGE_FAILED
 */
export function checkName(name: string): void {
  if (!NAME.test(name)) throw refused(name)
}

/** As checkName, for the beginning of a name ('' and 'objects/' too). */
export function checkPrefix(prefix: string): void {
  if (!PREFIX.test(prefix)) throw refused(prefix)
}

/** May a file of a target be called so? What else lies in a bucket is not ours. */
export function isName(text: string): boolean {
  return NAME.test(text)
}

/** Can this be one part of a name? What else lies in a folder (lost+found, partials) is not ours. */
export function isPartOfName(part: string): boolean {
  return NAME.test(part) && !part.includes('/')
}

/** The error of a `put` on a name that is taken; the same from every implementation. */
export function nameTaken(label: string, name: string, cause?: unknown): EcomdbError {
  return new EcomdbError('STORAGE_FAILED', {
    what: `cannot write ${name} to ${label}`,
    why: 'a file of this name is there already, and nothing in a repository is overwritten',
    cause,
  })
}

function refused(name: string): EcomdbError {
  return new EcomdbError('STORAGE_FAILED', {
    what: `will not use ${JSON.stringify(name)} as a name in a repository`,
    why: 'names are made of letters, digits, ".", "_" and "-", and do not start with a dot',
    hints: ['somebody may have changed the repository: run `ecomdb backup verify --all`'],
  })
}
