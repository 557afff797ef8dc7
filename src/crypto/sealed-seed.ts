import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { EcomdbError, messageOf } from '#core/errors'
import type { Secret } from '#core/secret'

/** RFC 4226 recommends 160 bits. */
const SEED_BYTES = 20
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** The form of what is sealed; another form gets another number. */
const FORM = 1

export function generateSeed(): Buffer {
  return randomBytes(SEED_BYTES)
}

/** Whose seed it is: sealed seeds cannot be exchanged between people, nor an old one put back. */
export interface SeedOwner {
  person: string
  version: number
}

/**
 * AES-256-GCM: one byte for the form, 12 of nonce, 16 of tag, and the seed.
 *
 * @param key base64 of 32 bytes, as keys.totp_key_file holds it
 */
export function sealSeed(seed: Buffer, key: Secret, owner: SeedOwner): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', keyBytes(key), nonce)
  cipher.setAAD(boundTo(owner))
  const sealed = Buffer.concat([cipher.update(seed), cipher.final()])
  return Buffer.concat([Buffer.of(FORM), nonce, cipher.getAuthTag(), sealed])
}

/** @throws EcomdbError WRONG_IDENTITY when it was sealed with another key, or is another's */
export function openSeed(sealed: Buffer, key: Secret, owner: SeedOwner): Buffer {
  try {
    if (sealed[0] !== FORM) throw new Error(`it has the form ${sealed[0]}`)
    const nonce = sealed.subarray(1, 1 + NONCE_BYTES)
    const tag = sealed.subarray(1 + NONCE_BYTES, 1 + NONCE_BYTES + TAG_BYTES)
    const decipher = createDecipheriv('aes-256-gcm', keyBytes(key), nonce, {
      authTagLength: TAG_BYTES,
    })
    decipher.setAAD(boundTo(owner))
    decipher.setAuthTag(tag)
    const rest = sealed.subarray(1 + NONCE_BYTES + TAG_BYTES)
    return Buffer.concat([decipher.update(rest), decipher.final()])
  } catch (error) {
    throw new EcomdbError('WRONG_IDENTITY', {
      what: `cannot open the second factor of ${owner.person}`,
      why: `keys.totp_key_file is not the key that it was sealed with, or it was changed (${messageOf(error)})`,
      hints: ['bring the right key back, or enroll the person again: `ecomdb user enroll`'],
      cause: error,
    })
  }
}

function keyBytes(key: Secret): Buffer {
  return Buffer.from(key.reveal(), 'base64')
}

function boundTo({ person, version }: SeedOwner): Buffer {
  return Buffer.from(`totp/${person}/${version}`)
}
