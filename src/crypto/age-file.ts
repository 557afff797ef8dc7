import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { EcomdbError, messageOf } from '#core/errors'
import type { Secret } from '#core/secret'
import { x25519Header } from './age-x25519.ts'

/**
 * Files in the age format, version 1 (age-encryption.org/v1, C2SP age.md). Identities and all kinds
 * of recipients are the age-encryption package's, but for the common kind, whose headers
 * age-x25519.ts makes; the payload is encrypted here by node:crypto, twelve times as fast as in
 * JavaScript. The output is plain age: the `age` program opens it, and what `age` wrote opens here.
 */

/** Plaintext bytes of one chunk of the payload (age.md, "Payload"). */
const CHUNK_BYTES = 64 * 1024
const TAG_BYTES = 16
const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES
const PAYLOAD_NONCE_BYTES = 16
const INTRO = 'age-encryption.org/v1\n'
/** A header of a thousand recipients is shorter; a file without one is not searched to its end. */
const LONGEST_HEADER_BYTES = 1024 * 1024

/**
 * Encrypts `parts`, one after another, to all recipients.
 *
 * @param recipients age public keys, "age1…"
 * @param whenRead told of each part that is not needed any more, so that a large file need not
 *   be in memory twice
 * @returns the file in order, in pieces that need not be joined to be written
 * @throws EcomdbError CONFIG_INVALID for a recipient that is none
 */
export async function encryptAge(
  recipients: readonly string[],
  parts: readonly Uint8Array[],
  whenRead: (part: Uint8Array) => void = () => {},
): Promise<Uint8Array[]> {
  const { header, fileKey } = await makeHeader(recipients)
  const nonce = randomBytes(PAYLOAD_NONCE_BYTES)
  const key = payloadKey(fileKey, nonce)
  return [sealedChunks([header, nonce], key, parts, whenRead)]
}

/**
 * Decrypts a whole age file. Truncation, at a chunk's edge too, and any change are refused.
 *
 * @param inPlace the plaintext takes the place of `stored`, so that a large file is not in
 *   memory twice
 * @throws EcomdbError WRONG_IDENTITY when none of the identities opens the header;
 *   OBJECT_DAMAGED when the file is not age, or was changed or cut
 */
export async function decryptAge(
  identities: readonly Secret[],
  stored: Uint8Array,
  inPlace = false,
): Promise<Buffer> {
  const headerBytes = headerLength(stored)
  const fileKey = await openHeader(identities, stored.subarray(0, headerBytes))
  const payload = stored.subarray(headerBytes)
  if (payload.length < PAYLOAD_NONCE_BYTES + TAG_BYTES) throw damaged('it ends before its payload')
  const key = payloadKey(fileKey, payload.subarray(0, PAYLOAD_NONCE_BYTES))
  return openChunks(key, payload.subarray(PAYLOAD_NONCE_BYTES), inPlace)
}

/** @throws EcomdbError CONFIG_INVALID when a recipient is not an age public key */
export async function checkRecipients(recipients: readonly string[]): Promise<void> {
  await makeHeader(recipients)
}

/** A slip in one of them, or a kind that only a plugin of age encrypts to, in words; null where all are right. */
export async function wrongRecipient(recipients: readonly string[]): Promise<string | null> {
  if (recipients.length === 0) return null
  try {
    await checkRecipients(recipients)
    return null
  } catch (error) {
    if (error instanceof EcomdbError && error.code === 'CONFIG_INVALID') return error.message
    throw error
  }
}

async function makeHeader(
  recipients: readonly string[],
): Promise<{ header: Uint8Array; fileKey: Uint8Array }> {
  if (recipients.length === 0) {
    throw new EcomdbError('CONFIG_INVALID', {
      what: 'cannot encrypt: there is no recipient',
      hints: ['run `ecomdb init` to make keys, or list age public keys under keys.recipients'],
    })
  }
  const quick = x25519Header(recipients)
  if (quick) return quick
  const { Encrypter } = await import('age-encryption')
  const encrypter = new Encrypter()
  let fileKey = new Uint8Array()
  for (const recipient of recipients) {
    try {
      encrypter.addRecipient(recipient)
    } catch (error) {
      throw new EcomdbError('CONFIG_INVALID', {
        what: `"${recipient}" is not an age recipient`,
        why: messageOf(error),
        hints: ['an age public key starts with "age1"; `age-keygen -y FILE` prints it'],
        cause: error,
      })
    }
  }
  // A recipient that adds no stanza: it only tells the key that the package drew.
  encrypter.addRecipient({
    wrapFileKey: key => {
      fileKey = Uint8Array.from(key)
      return []
    },
  })
  const empty = await encrypter.encrypt(new Uint8Array())
  return { header: empty.subarray(0, empty.length - PAYLOAD_NONCE_BYTES - TAG_BYTES), fileKey }
}

async function openHeader(identities: readonly Secret[], header: Uint8Array): Promise<Uint8Array> {
  const { Decrypter } = await import('age-encryption')
  const decrypter = new Decrypter()
  let asked = false
  for (const identity of identities) decrypter.addIdentity(identity.reveal())
  // Asked last and knows nothing: reached only when no identity before it opened a stanza.
  decrypter.addIdentity({
    unwrapFileKey: () => {
      asked = true
      return null
    },
  })
  try {
    return await decrypter.decryptHeader(header)
  } catch (error) {
    if (!asked) throw damaged(`its header is not right: ${messageOf(error)}`, error)
    throw new EcomdbError('WRONG_IDENTITY', {
      what: 'cannot decrypt: no identity at hand opens it',
      why: identities.length
        ? `it is encrypted to other recipients than those of the ${identities.length} identities given`
        : 'no identity is given: neither by --identity, nor by keys.identity_files in ecomdb.yaml',
      hints: [
        'give the private key of one of its recipients, the escrow key for example: --identity FILE',
      ],
      cause: error,
    })
  }
}

/** Bytes up to and with the newline that ends the line "--- <mac>". */
function headerLength(stored: Uint8Array): number {
  const start = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength).subarray(
    0,
    LONGEST_HEADER_BYTES,
  )
  if (!start.subarray(0, INTRO.length).equals(Buffer.from(INTRO))) {
    throw damaged('it does not begin as an age file')
  }
  const mac = start.indexOf('\n---')
  const end = mac < 0 ? -1 : start.indexOf('\n', mac + 1)
  if (end < 0) throw damaged('its header has no end')
  return end + 1
}

function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', fileKey, nonce, 'payload', 32))
}

/** STREAM (age.md): an 11-byte big-endian counter, then 1 for the last chunk. */
class ChunkNonce {
  readonly bytes = Buffer.alloc(12)
  #counter = 0

  next(last: boolean): Buffer {
    this.bytes.writeUIntBE(this.#counter, 5, 6)
    this.bytes[11] = last ? 1 : 0
    this.#counter += 1
    return this.bytes
  }
}

/** The payload's chunks, in one buffer behind `head`. */
function sealedChunks(
  head: readonly Uint8Array[],
  key: Buffer,
  parts: readonly Uint8Array[],
  whenRead: (part: Uint8Array) => void,
): Buffer {
  const plainBytes = lengthOf(parts)
  const chunks = Math.max(1, Math.ceil(plainBytes / CHUNK_BYTES))
  const out = Buffer.allocUnsafeSlow(lengthOf(head) + plainBytes + chunks * TAG_BYTES)
  let at = 0
  for (const part of head) {
    out.set(part, at)
    at += part.length
  }
  const plain = new PartReader(parts, whenRead)
  const nonce = new ChunkNonce()
  for (let i = 0; i < chunks; i += 1) {
    const cipher = createCipheriv('chacha20-poly1305', key, nonce.next(i === chunks - 1), {
      authTagLength: TAG_BYTES,
    })
    for (const piece of plain.next(CHUNK_BYTES)) at += moved(cipher.update(piece), out, at)
    cipher.final()
    at += cipher.getAuthTag().copy(out, at)
  }
  // A part whose memory was given away meanwhile is shorter than it was.
  if (at !== out.length)
    throw new Error(`${out.length - at} bytes are missing of what is encrypted`)
  return out
}

/** Copies bytes that node:crypto has just made, and gives their memory back now. */
function moved(from: Buffer, to: Buffer, at: number): number {
  const bytes = from.copy(to, at)
  const { buffer } = from
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes) buffer.transfer(0)
  return bytes
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0)
}

/** Reads parts that follow one another in steps of another size, without joining them. */
class PartReader {
  readonly #parts: readonly Uint8Array[]
  #part = 0
  #at = 0
  readonly #whenRead: (part: Uint8Array) => void

  constructor(parts: readonly Uint8Array[], whenRead: (part: Uint8Array) => void) {
    this.#parts = parts
    this.#whenRead = whenRead
  }

  /** The next bytes, fewer at the end. */
  *next(bytes: number): Generator<Uint8Array> {
    let left = bytes
    while (left > 0) {
      const part = this.#parts[this.#part]
      if (!part) return
      const piece = part.subarray(this.#at, this.#at + left)
      this.#at += piece.length
      left -= piece.length
      const ends = this.#at === part.length
      if (ends) {
        this.#part += 1
        this.#at = 0
      }
      if (piece.length > 0) yield piece
      if (ends) this.#whenRead(part)
    }
  }
}

function openChunks(key: Buffer, sealed: Uint8Array, inPlace: boolean): Buffer {
  const chunks = Math.max(1, Math.ceil(sealed.length / SEALED_CHUNK_BYTES))
  const bytes = Math.max(0, sealed.length - chunks * TAG_BYTES)
  // A chunk is read before its shorter plaintext is written, at its own beginning or before.
  const plain = inPlace
    ? Buffer.from(sealed.buffer, sealed.byteOffset, bytes)
    : Buffer.allocUnsafe(bytes)
  const nonce = new ChunkNonce()
  let at = 0
  for (let i = 0; i < chunks; i += 1) {
    const chunk = sealed.subarray(i * SEALED_CHUNK_BYTES, (i + 1) * SEALED_CHUNK_BYTES)
    // Only an empty file may have an empty chunk (age.md).
    if (chunk.length < TAG_BYTES || (chunk.length === TAG_BYTES && i > 0)) {
      throw damaged('it was cut in the middle of a chunk')
    }
    const body = chunk.length - TAG_BYTES
    const decipher = createDecipheriv('chacha20-poly1305', key, nonce.next(i === chunks - 1), {
      authTagLength: TAG_BYTES,
    })
    decipher.setAuthTag(chunk.subarray(body))
    const opened = decipher.update(chunk.subarray(0, body))
    try {
      decipher.final()
    } catch (error) {
      throw damaged(`chunk ${i} of ${chunks} does not carry its tag`, error)
    }
    at += moved(opened, plain, at)
  }
  return plain
}

function damaged(why: string, cause?: unknown): EcomdbError {
  return new EcomdbError('OBJECT_DAMAGED', { what: 'an encrypted file is damaged', why, cause })
}
