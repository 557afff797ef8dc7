/**
 * DER, as far as a certificate needs it: every value is a tag, a length and its content
 * (ITU-T X.690). Written values only; nothing here reads any.
 */

export function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content)
  return Buffer.concat([Buffer.from([tag]), lengthOf(body.length), body])
}

/** Up to 127 in one byte; else how many bytes follow, and those. */
function lengthOf(length: number): Buffer {
  if (length < 128) return Buffer.from([length])
  const bytes = Buffer.from(
    length.toString(16).padStart(length > 0xffff ? 6 : length > 0xff ? 4 : 2, '0'),
    'hex',
  )
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes])
}

export const sequence = (...content: readonly Uint8Array[]): Buffer => der(0x30, ...content)
export const set = (...content: readonly Uint8Array[]): Buffer => der(0x31, ...content)
export const boolean = (value: boolean): Buffer => der(0x01, Buffer.from([value ? 0xff : 0]))
export const octets = (content: Uint8Array): Buffer => der(0x04, content)
export const text = (value: string): Buffer => der(0x0c, Buffer.from(value, 'utf8'))

/** Of non-negative numbers, most significant byte first. */
export function integer(bytes: Uint8Array): Buffer {
  const sign = (bytes[0] ?? 0) & 0x80 ? [Buffer.from([0])] : []
  return der(0x02, ...sign, bytes)
}

/** @param unused bits at the end of the last byte that do not count */
export function bits(content: Uint8Array, unused = 0): Buffer {
  return der(0x03, Buffer.from([unused]), content)
}

/** "2.5.4.3" */
export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

/** Seven bits a byte; all but the last have the top bit set. */
function base128(value: number): number[] {
  const low = value & 0x7f
  return value < 128 ? [low] : [...base128(value >>> 7).map(byte => byte | 0x80), low]
}

/** Two digits of the year until 2049, as RFC 5280 has it, and four from then on. */
export function time(moment: Date): Buffer {
  const digits = `${moment.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`
  return moment.getUTCFullYear() < 2050
    ? der(0x17, Buffer.from(digits.slice(2), 'ascii'))
    : der(0x18, Buffer.from(digits, 'ascii'))
}
