import { createHash } from 'node:crypto'

/**
 * The canonical bytes of a row (docs/audit-format.md): every field after the other, as the
 * decimal length of its bytes, a colon and the bytes; `~` for NULL. The trigger computes the
 * same in SQL, which is why lengths are decimal: LENGTH() in a CONCAT is that already.
 */

export type Field = Uint8Array | null

/** SHA-256 and longer names for it would be noise. */
export function sha256(...parts: readonly (Uint8Array | string)[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

const NULL = Buffer.from('~')

export function frame(fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(field => (field === null ? [NULL] : [Buffer.from(`${field.length}:`), field])),
  )
}

/** As frame, of texts in UTF-8. */
export function frameTexts(texts: readonly (string | null)[]): Buffer {
  return frame(texts.map(text => (text === null ? null : Buffer.from(text, 'utf8'))))
}

/** @throws RangeError when the bytes are no frame */
export function unframe(bytes: Uint8Array): Field[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const fields: Field[] = []
  for (let at = 0; at < buffer.length; ) {
    if (buffer[at] === NULL[0]) {
      fields.push(null)
      at += 1
      continue
    }
    const colon = buffer.indexOf(0x3a, at)
    const digits = buffer.toString('latin1', at, colon)
    const end = colon + 1 + Number(digits)
    if (colon < 0 || !/^(0|[1-9]\d*)$/.test(digits) || end > buffer.length) {
      throw new RangeError('not a frame')
    }
    fields.push(buffer.subarray(colon + 1, end))
    at = end
  }
  return fields
}

/** What an event says of a row: SHA-256 of the salt and the row's canonical bytes. */
export function commitment(salt: Uint8Array, fields: readonly Field[]): Buffer {
  return sha256(salt, frame(fields))
}

/** A key for people: its fields as text where they are text, else in hexadecimal. */
export function keyText(key: Uint8Array): string {
  return unframe(key)
    .map(field => {
      if (field === null) return 'NULL'
      const text = Buffer.from(field).toString('utf8')
      const plain = /^[\p{L}\p{N}\p{P}\p{S} ]*$/u.test(text) && !text.includes('\uFFFD')
      return plain ? text : `0x${Buffer.from(field).toString('hex')}`
    })
    .join(', ')
}
