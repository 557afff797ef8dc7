import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { EcomdbError, messageOf } from '#core/errors'
import { longestRepeat, longestRun } from '#domain/credential/sequences'

/**
 * zxcvbn (MIT) brings the lists that it measures with: the 30,000 commonest passwords among
 * them, and English words by frequency. Nothing is downloaded.
 */
interface FrequencyLists {
  /** With commas between; zxcvbn itself, once loaded, has made arrays of them. */
  passwords: string | string[]
  english_wikipedia: string | string[]
}

async function lists(): Promise<FrequencyLists> {
  const { default: found } = await import('zxcvbn/lib/frequency_lists.js')
  return found
}

/**
 * Is a password, without regard to case, among the commonest, or in a list of the user's?
 *
 * @param file one password a line, or one SHA-1 sum in hex, with or without ":count" behind
 *   it; read from its beginning to its end, so large lists take their time
 * @throws EcomdbError CONFIG_INVALID when the file cannot be read
 */
export async function isKnownPassword(password: string, file: string | null): Promise<boolean> {
  const { passwords } = await lists()
  const lower = password.toLowerCase()
  if (`,${passwords},`.includes(`,${lower},`)) return true
  return file === null ? false : await isInFile(password, file)
}

async function isInFile(password: string, file: string): Promise<boolean> {
  const sum = createHash('sha1').update(password).digest('hex').toUpperCase()
  const stream = createReadStream(file, 'utf8')
  try {
    for await (const line of createInterface({
      input: stream,
      crlfDelay: Number.POSITIVE_INFINITY,
    })) {
      if (line === password) return true
      if (/^[0-9A-Fa-f]{40}(:\d+)?$/.test(line) && line.slice(0, 40).toUpperCase() === sum)
        return true
    }
    return false
  } catch (error) {
    throw new EcomdbError('CONFIG_INVALID', {
      what: `cannot read the list of known passwords ${file}`,
      why: messageOf(error),
      hints: ['correct breach_list in the password policy'],
      cause: error,
    })
  } finally {
    stream.destroy()
  }
}

/** The commonest English words that a passphrase can be made of: 4 to 7 letters, no runs. */
export async function passphraseWords(): Promise<string[]> {
  const { english_wikipedia: words } = await lists()
  const good = (word: string): boolean =>
    /^[a-z]{4,7}$/.test(word) && longestRepeat(word) === 1 && longestRun(word) <= 2
  return String(words).split(',').filter(good).slice(0, 4096)
}
