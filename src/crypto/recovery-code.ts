import { createHash, randomBytes } from 'node:crypto'
import { Secret } from '#core/secret'

/** Crockford's letters: none is taken for another. */
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const BYTES = 16
/** 128 bits in letters of five bits. */
const LENGTH = 26

/** "7Q2M-…": 128 random bits, so that a plain hash keeps them (OWASP ASVS 5, 6.5.2). */
export function generateRecoveryCode(): Secret {
  let bits = BigInt(`0x${randomBytes(BYTES).toString('hex')}`)
  let text = ''
  while (text.length < LENGTH) {
    text = (LETTERS[Number(bits & 31n)] ?? '') + text
    bits >>= 5n
  }
  return new Secret(text.replace(/(.{5})(?=.)/g, '$1-'))
}

/**
 * SHA-256 of a code as it is typed: case, dashes and spaces do not count, and I, L, O stand
 * for what they look like. Null for what is no code at all.
 */
export function hashRecoveryCode(typed: Secret): Buffer | null {
  const plain = typed
    .reveal()
    .toUpperCase()
    .replace(/[\s-]/g, '')
    .replace(/[IL]/g, '1')
    .replaceAll('O', '0')
  if (plain.length !== LENGTH || [...plain].some(letter => !LETTERS.includes(letter))) return null
  return createHash('sha256').update(plain).digest()
}
