import { randomInt } from 'node:crypto'
import { Secret } from '#core/secret'

const SETS = ['ABCDEFGHJKLMNPQRSTUVWXYZ', 'abcdefghijkmnpqrstuvwxyz', '23456789', '-_.+%,:=']
const ALPHABET = SETS.join('')
/** 6.2 bits a character: 173 bits. */
const LENGTH = 28
const KEYBOARD = ['qwertyuiop', 'asdfghjkl', 'zxcvbnm']

/**
 * A random password that password policies accept: upper and lower case, digits and
 * special characters, no character twice in a row, no runs ("abc", "321", "qwe"). Nothing
 * in it needs quoting in a shell or an option file.
 */
export function generatePassword(): Secret {
  for (;;) {
    let password = ''
    while (password.length < LENGTH) password += ALPHABET[randomInt(ALPHABET.length)]
    if (SETS.every(set => [...set].some(each => password.includes(each))) && !hasRun(password)) {
      return new Secret(password)
    }
  }
}

function hasRun(password: string): boolean {
  const lower = password.toLowerCase()
  for (let at = 1; at < lower.length; at += 1) {
    if (lower[at] === lower[at - 1]) return true
    const three = lower.slice(at - 1, at + 2)
    const [a, b, c] = [...three].map(each => each.charCodeAt(0))
    if (a === undefined || b === undefined || c === undefined) continue
    if (b - a === c - b && Math.abs(b - a) === 1) return true
    if (KEYBOARD.some(row => row.includes(three) || [...row].reverse().join('').includes(three))) {
      return true
    }
  }
  return false
}
