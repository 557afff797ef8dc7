import {
  createCipheriv,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'

/**
 * The header of an age file for X25519 recipients, the kind that `age-keygen` makes, by
 * node:crypto (C2SP age.md, "Header" and "X25519 recipient"). The age-encryption package makes the
 * same one, and any other kind, in JavaScript: to load it and to write the headers of 26 objects took
 * 220 ms of processor time, 130 of them before a backup could begin, and takes 10 so.
 */

const FILE_KEY_BYTES = 16
const KEY_BYTES = 32

/** An age public key that was read once. */
interface Recipient {
  bytes: Buffer
  key: KeyObject
}

/** @returns null when any of them is something else than an X25519 recipient that is right */
export function x25519Header(
  recipients: readonly string[],
): { header: Buffer; fileKey: Buffer } | null {
  const known = recipients.map(readRecipient)
  if (!known.every(recipient => recipient !== null)) return null
  const fileKey = randomBytes(FILE_KEY_BYTES)
  const stanzas = known.map(recipient => stanzaFor(recipient, fileKey))
  const start = `age-encryption.org/v1\n${stanzas.join('')}---`
  const macKey = derive(fileKey, Buffer.alloc(0), 'header')
  const mac = createHmac('sha256', macKey).update(start).digest()
  return { header: Buffer.from(`${start} ${base64(mac)}\n`), fileKey }
}

/** "-> X25519 <our share>" and the file key, wrapped for the recipient. */
function stanzaFor({ bytes, key }: Recipient, fileKey: Buffer): string {
  const ephemeral = generateKeyPairSync('x25519')
  const share = Buffer.from(String(ephemeral.publicKey.export({ format: 'jwk' }).x), 'base64url')
  // OpenSSL refuses a shared secret of zeros, as age.md demands.
  const secret = diffieHellman({ privateKey: ephemeral.privateKey, publicKey: key })
  const wrapKey = derive(secret, Buffer.concat([share, bytes]), 'age-encryption.org/v1/X25519')
  // The wrapping key is used once, so the nonce is zero.
  const cipher = createCipheriv('chacha20-poly1305', wrapKey, Buffer.alloc(12), {
    authTagLength: 16,
  })
  const wrapped = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()])
  return `-> X25519 ${base64(share)}\n${base64(wrapped)}\n`
}

function derive(secret: Buffer, salt: Buffer, info: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, info, KEY_BYTES))
}

/** Without padding. */
function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}

function readRecipient(text: string): Recipient | null {
  const bytes = decodeBech32('age', text)
  if (bytes?.length !== KEY_BYTES) return null
  const jwk = { kty: 'OKP', crv: 'X25519', x: bytes.toString('base64url') }
  return { bytes, key: createPublicKey({ key: jwk, format: 'jwk' }) }
}

const LETTERS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3]
const CHECK_LETTERS = 6

/** BIP 173; lower case only, as recipients are. Null for anything that is not right. */
function decodeBech32(prefix: string, text: string): Buffer | null {
  if (!text.startsWith(`${prefix}1`)) return null
  const values = [...text.slice(prefix.length + 1)].map(letter => LETTERS.indexOf(letter))
  if (values.includes(-1) || values.length < CHECK_LETTERS) return null
  const codes = [...prefix].map(letter => letter.charCodeAt(0))
  const expanded = [...codes.map(code => code >> 5), 0, ...codes.map(code => code & 31)]
  return checksum([...expanded, ...values]) === 1
    ? joinFiveBits(values.slice(0, -CHECK_LETTERS))
    : null
}

function checksum(values: readonly number[]): number {
  let sum = 1
  for (const value of values) {
    const top = sum >>> 25
    sum = ((sum & 0x1ffffff) << 5) ^ value
    for (const [bit, term] of GENERATOR.entries()) if ((top >> bit) & 1) sum ^= term
  }
  return sum
}

/** What does not fill a byte must be fewer than five bits, and zero. */
function joinFiveBits(values: readonly number[]): Buffer | null {
  const bits = values.map(value => value.toString(2).padStart(5, '0')).join('')
  const whole = bits.length - (bits.length % 8)
  if (bits.length - whole > 4 || bits.slice(whole).includes('1')) return null
  const bytes = bits.slice(0, whole).match(/.{8}/g) ?? []
  return Buffer.from(bytes.map(byte => Number.parseInt(byte, 2)))
}
