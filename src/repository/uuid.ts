import { randomBytes } from 'node:crypto'

/** A UUIDv7 (RFC 9562, 5.7) of a given moment: names that sort by time, to the millisecond. */
export function uuidV7(moment: Date): string {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(moment.getTime(), 0, 6)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** One of now, or of the millisecond behind `others` where the clock was set back: names keep their order. */
export function uuidV7Behind(others: readonly string[], now: Date): string {
  const moments = others.map(other => momentOfUuidV7(other).getTime() + 1)
  return uuidV7(new Date(Math.max(now.getTime(), ...moments)))
}

/** The moment in a UUIDv7. */
export function momentOfUuidV7(uuid: string): Date {
  return new Date(Number.parseInt(uuid.replaceAll('-', '').slice(0, 12), 16))
}
