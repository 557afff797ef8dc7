import { createHmac } from 'node:crypto'
import type { Secret } from '#core/secret'

/**
 * Keyed names, so that the repository tells nothing about content to one without the dedup
 * key: a plain hash would let anyone ask "is this very row block in there?".
 */

/**
 * The id of an object: hex HMAC-SHA256 over the recipient set and the plaintext's SHA-256.
 * The recipients are part of it because an object for other recipients is another object:
 * after a rotation of keys everything is stored anew.
 */
export function objectId(
  dedupKey: Secret,
  recipients: readonly string[],
  plaintextSha256: Uint8Array,
): string {
  return contentId(dedupKey, 'ecomdb object 1', recipients, plaintextSha256).toString('hex')
}

/** The id of a block of a data file, likewise; 32 bytes. */
export function blockId(
  dedupKey: Secret,
  recipients: readonly string[],
  blockSha256: Uint8Array,
): Buffer {
  return contentId(dedupKey, 'ecomdb block 1', recipients, blockSha256)
}

function contentId(
  dedupKey: Secret,
  purpose: string,
  recipients: readonly string[],
  sha256: Uint8Array,
): Buffer {
  const hmac = keyed(dedupKey, purpose)
  hmac.update(`${recipientSet(recipients).join('\n')}\n`)
  return hmac.update(sha256).digest()
}

/** The name of a table in an envelope: hex HMAC-SHA256 over schema and table. */
export function tableId(dedupKey: Secret, schema: string, table: string): string {
  return keyed(dedupKey, 'ecomdb table 1').update(`${schema}\0${table}`).digest('hex')
}

/** Which databases a backup was asked for: hex HMAC-SHA256 over their names; null: all. */
export function scopeId(dedupKey: Secret, databases: readonly string[] | null): string | null {
  if (!databases) return null
  const names = [...new Set(databases)].sort().map(name => `${name}\0`)
  return keyed(dedupKey, 'ecomdb scope 1').update(names.join('')).digest('hex')
}

/** Where a server runs, as one opaque name. */
export function placeId(dedupKey: Secret, place: string): string {
  return keyed(dedupKey, 'ecomdb place 1').update(place).digest('hex')
}

/**
 * The mark of a segment's last event: hex HMAC-SHA256 over its bytes. By it an archiver knows
 * the server's binary log again.
 */
export function tailMark(dedupKey: Secret, event: Uint8Array): string {
  return keyed(dedupKey, 'ecomdb binlog tail 1').update(event).digest('hex')
}

/** Recipients as a set: sorted by bytes, without duplicates. */
export function recipientSet(recipients: readonly string[]): string[] {
  return [...new Set(recipients)].sort()
}

function keyed(dedupKey: Secret, purpose: string): ReturnType<typeof createHmac> {
  return createHmac('sha256', Buffer.from(dedupKey.reveal(), 'base64')).update(`${purpose}\0`)
}
