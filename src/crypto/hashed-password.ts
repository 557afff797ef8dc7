import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { Secret } from '#core/secret'

/** RFC 7914; 32 MiB for each, some 60 ms. */
const COST = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }
const HASH_BYTES = 32

const derive = promisify(
  (password: string, salt: Buffer, done: (error: Error | null, hash: Buffer) => void) =>
    scrypt(password, salt, HASH_BYTES, COST, done),
)

/** For the history of passwords alone: the server keeps its own hash of the current one. */
export async function hashPassword(
  password: Secret,
  salt: Buffer = randomBytes(16),
): Promise<{ salt: Buffer; hash: Buffer }> {
  return { salt, hash: await derive(password.reveal().normalize('NFC'), salt) }
}

export async function isSamePassword(
  password: Secret,
  { salt, hash }: { salt: Buffer; hash: Buffer },
): Promise<boolean> {
  return timingSafeEqual((await hashPassword(password, salt)).hash, hash)
}
