import { randomInt } from 'node:crypto'
import { Secret } from '#core/secret'
import { longestRepeat, longestRun } from '#domain/credential/sequences'

const SETS = ['ABCDEFGHJKLMNPQRSTUVWXYZ', 'abcdefghijkmnpqrstuvwxyz', '23456789', '-_.+%,:=']
const ALPHABET = SETS.join('')
/** 6.2 bits a character: 173 bits. */
export const RANDOM_LENGTH = 28
/** For accounts that no person types the password of: a server may ask for as many (password.yaml). */
export const MACHINE_LENGTH = 64

/**
 * A random password that password policies accept: upper and lower case, digits and
 * special characters, no character twice in a row, no runs ("abc", "321", "qwe"). Nothing
 * in it needs quoting in a shell or an option file.
 */
export function generatePassword(length = RANDOM_LENGTH): Secret {
  for (;;) {
    let password = ''
    while (password.length < length) password += ALPHABET[randomInt(ALPHABET.length)]
    const hasAll = SETS.every(set => [...set].some(each => password.includes(each)))
    if (hasAll && longestRepeat(password) === 1 && longestRun(password) <= 2) {
      return new Secret(password)
    }
  }
}

/** Six of 4096 words: 72 bits, and a digit and a mark besides. More where a policy asks for length. */
const WORDS = 6

/**
 * Words that can be read out and typed: "Harbor-velvet-…-7". Diceware, and what composition
 * rules ask for.
 *
 * @param words lower case, at least 4096 of them; those with repeats or runs are not used
 * @param minLength characters that it has at least
 */
export function generatePassphrase(words: readonly string[], minLength = 0): Secret {
  const word = (): string => words[randomInt(words.length)] ?? ''
  for (;;) {
    const picked = Array.from({ length: WORDS }, word)
    while (picked.join('-').length < minLength) picked.push(word())
    const [first = '', ...others] = picked
    const text = [first.charAt(0).toUpperCase() + first.slice(1), ...others].join('-')
    const phrase = `${text}-${randomInt(2, 10)}`
    if (longestRepeat(phrase) === 1 && longestRun(phrase) <= 2) return new Secret(phrase)
  }
}
