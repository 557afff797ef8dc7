import { createHash, hash as hashAtOnce } from 'node:crypto'

export type Field = Uint8Array | null

/**
 * text: UTF-8; bytes; sized: after their length; decimal; time; epoch: seconds since 1970; digest: SHA-256 of
 * the text's or bytes' bytes. Plain text and bytes are in layouts of before 2026-11-28 only.
 */
export type ColumnEncoding =
  | 'text'
  | 'bytes'
  | 'text-sized'
  | 'bytes-sized'
  | 'decimal'
  | 'float'
  | 'bit'
  | 'time'
  | 'epoch'
  | 'text-digest'
  | 'bytes-digest'

/** Values of these may hold a comma or a tilde, so that their length stands before them, and this. */
function separatorOf(encoding: ColumnEncoding): ':' | ',' | null {
  switch (encoding) {
    case 'text':
    case 'bytes':
      return ':'
    // One more value for the server to put in a row: a CONCAT of its own costs an insert 5 % on MariaDB.
    case 'text-sized':
    case 'bytes-sized':
      return ','
    default:
      return null
  }
}

/** What the value's own bytes are: the same with and without its size before it. */
export function valueEncoding(encoding: ColumnEncoding): string {
  return encoding.replace(/-sized$/, '')
}

/** SHA-256 and longer names for it would be noise. */
export function sha256(...parts: readonly (Uint8Array | string)[]): Buffer {
  const [only] = parts
  // A third of the time, and no memory beside the heap; a trail has millions of leaves.
  if (only !== undefined && parts.length === 1) {
    return Buffer.from(hashAtOnce('sha256', only, 'binary'), 'latin1')
  }
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

const NULL = 0x7e

/**
 * Every field after the other, as the decimal length of its bytes, a colon and the bytes; `~` for
 * NULL. SQL makes the same of keys: LENGTH() in a CONCAT is decimal.
 */
export function frame(fields: readonly Field[]): Buffer {
  let size = 0
  for (const field of fields) size += field === null ? 1 : lengthText(field).length + field.length
  const bytes = Buffer.allocUnsafe(size)
  let at = 0
  for (const field of fields) {
    if (field === null) {
      bytes[at] = NULL
      at += 1
    } else {
      at += bytes.write(lengthText(field), at, 'latin1')
      bytes.set(field, at)
      at += field.length
    }
  }
  return bytes
}

const lengthText = ({ length }: Uint8Array): string => `${length}:`

/** As frame, of texts in UTF-8, and itself a text. */
export function frameText(texts: readonly (string | null)[]): string {
  let framed = ''
  for (const text of texts) framed += text === null ? '~' : `${Buffer.byteLength(text)}:${text}`
  return framed
}

/** As frame, of texts in UTF-8. */
export function frameTexts(texts: readonly (string | null)[]): Buffer {
  return Buffer.from(frameText(texts), 'utf8')
}

/** @throws RangeError when the bytes are no frame */
export function unframe(bytes: Uint8Array): Field[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const fields: Field[] = []
  for (let at = 0; at < buffer.length; ) {
    if (buffer[at] === NULL) {
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

/**
 * The canonical bytes of a row (docs/audit-format.md): a comma before each value, `~` for NULL, and
 * the length before what may hold either.
 *
 * @param fields in the order of the columns
 */
export function canonicalRow(
  fields: readonly Field[],
  columns: readonly { encoding: ColumnEncoding }[],
): Buffer {
  const heads = fields.map((field, at) => {
    if (field === null) return ',~'
    const separator = separatorOf(columns[at]?.encoding ?? 'text-sized')
    return separator === null ? ',' : `,${field.length}${separator}`
  })
  let size = 0
  for (const [at, head] of heads.entries()) size += head.length + (fields[at]?.length ?? 0)
  const bytes = Buffer.allocUnsafe(size)
  let end = 0
  for (const [at, head] of heads.entries()) {
    end += bytes.write(head, end, 'latin1')
    const field = fields[at]
    if (!field) continue
    bytes.set(field, end)
    end += field.length
  }
  return bytes
}

/** What an event says of a row: SHA-256 of the salt and the row's canonical bytes. */
export function commitment(salt: Uint8Array, canonical: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(salt.length + canonical.length)
  bytes.set(salt)
  bytes.set(canonical, salt.length)
  return sha256(bytes)
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
