import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { open, readFile, rm } from 'node:fs/promises'
import { EcomdbError, messageOf, systemCode } from '#core/errors'
import { Secret } from '#core/secret'
import { refuseOpenMode } from '#core/secret-file'

/** An Ed25519 key that signs envelopes and attestations. */
export interface SigningKey {
  privateKey: KeyObject
  /** `ed25519:<base64 of the 32 bytes>`: what others put under keys.trusted_signers. */
  signer: string
}

/** An age identity (private) and its recipient (public). */
export interface IdentityPair {
  identity: Secret
  recipient: string
}

/** Base64 of 32 random bytes. */
const DEDUP_KEY = /^[A-Za-z0-9+/]{43}=$/
/** DER before the 32 bytes of an Ed25519 public key (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

/** A new age identity (X25519). */
export async function generateIdentity(): Promise<IdentityPair> {
  const { generateX25519Identity, identityToRecipient } = await import('age-encryption')
  const identity = await generateX25519Identity()
  return { identity: new Secret(identity), recipient: await identityToRecipient(identity) }
}

/** A new Ed25519 key. */
export function generateSigningKey(): SigningKey {
  return signingKeyOf(generateKeyPairSync('ed25519').privateKey)
}

/** A new key for the names of objects: 32 random bytes, base64. */
export function generateDedupKey(): Secret {
  return new Secret(randomBytes(32).toString('base64'))
}

/**
 * Writes an identity as `age-keygen` does, so that `age -d -i FILE` reads it. 0600.
 * @throws EcomdbError STORAGE_FAILED when the file is there: a key is never overwritten
 */
export async function writeIdentity(file: string, pair: IdentityPair, now: Date): Promise<void> {
  const created = now.toISOString().replace(/\.\d+Z$/, 'Z')
  await writeNew(
    file,
    `# created: ${created}\n# public key: ${pair.recipient}\n${pair.identity.reveal()}\n`,
  )
}

/** Writes PKCS #8 PEM, which openssl reads. 0600, never overwrites (as writeIdentity). */
export async function writeSigningKey(file: string, key: SigningKey): Promise<void> {
  await writeNew(file, key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
}

/** One line of base64. 0600, never overwrites (as writeIdentity). */
export async function writeDedupKey(file: string, key: Secret): Promise<void> {
  await writeNew(file, `${key.reveal()}\n`)
}

/**
 * All identities of the files, as `age -i` reads them: one a line, # for comments.
 * @throws EcomdbError SECRET_MISSING when a file is missing, holds none, or others can read it
 */
export async function readIdentities(files: readonly string[]): Promise<Secret[]> {
  const found: Secret[] = []
  for (const file of files) {
    const lines = (await readKeyFile(file, 'identity')).split('\n').map(line => line.trim())
    const keys = lines.filter(line => line.startsWith('AGE-SECRET-KEY-'))
    if (keys.length === 0) {
      throw unusable('identity', file, 'it holds no line that starts with AGE-SECRET-KEY-')
    }
    found.push(...keys.map(key => new Secret(key)))
  }
  return found
}

/** The age public key of an identity. */
export async function recipientOf(identity: Secret): Promise<string> {
  const { identityToRecipient } = await import('age-encryption')
  return await identityToRecipient(identity.reveal())
}

/** @throws EcomdbError SECRET_MISSING as readIdentities */
export async function readSigningKey(file: string): Promise<SigningKey> {
  const pem = await readKeyFile(file, 'signing key')
  let privateKey: KeyObject
  try {
    privateKey = createPrivateKey(pem)
  } catch (error) {
    throw unusable('signing key', file, `it is not a PEM private key: ${messageOf(error)}`)
  }
  if (privateKey.asymmetricKeyType !== 'ed25519') {
    throw unusable('signing key', file, `it is ${privateKey.asymmetricKeyType}, not ed25519`)
  }
  return signingKeyOf(privateKey)
}

/** @throws EcomdbError SECRET_MISSING as readIdentities */
export async function readDedupKey(file: string): Promise<Secret> {
  const text = (await readKeyFile(file, 'dedup key')).trim()
  if (!DEDUP_KEY.test(text)) throw unusable('dedup key', file, 'it is not base64 of 32 bytes')
  return new Secret(text)
}

/**
 * A public key from `ed25519:<base64>`.
 * @throws EcomdbError CONFIG_INVALID
 */
export function parseSigner(signer: string): KeyObject {
  const raw = Buffer.from(signer.replace(/^ed25519:/, ''), 'base64')
  if (!/^ed25519:[A-Za-z0-9+/]{43}=$/.test(signer) || raw.length !== 32) {
    throw new EcomdbError('CONFIG_INVALID', {
      what: `"${signer}" is not a signer`,
      why: 'a trusted signer is ed25519: and the base64 of a 32-byte public key',
      hints: ['`ecomdb init` prints the signer that belongs to a signing key'],
    })
  }
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' })
}

/** A short name for a key in messages: the first 16 hex digits of its SHA-256. */
export function signerFingerprint(signer: string): string {
  return createHash('sha256').update(signer).digest('hex').slice(0, 16)
}

function signingKeyOf(privateKey: KeyObject): SigningKey {
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  const raw = spki.subarray(SPKI_PREFIX.length)
  return { privateKey, signer: `ed25519:${raw.toString('base64')}` }
}

async function readKeyFile(file: string, kind: string): Promise<string> {
  const lost =
    kind === 'identity'
      ? 'if it is lost, another one opens the snapshots as well, the escrow key for example: --identity FILE'
      : 'if it is lost, docs/keys.md tells how to go on with a new one'
  await refuseOpenMode(file, `the ${kind}`, lost)
  return await readFile(file, 'utf8').catch(error => {
    throw unusable(kind, file, messageOf(error), error)
  })
}

async function writeNew(file: string, text: string): Promise<void> {
  try {
    const handle = await open(file, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } catch (error) {
      // A part of a key is none, and would be in the way.
      await rm(file, { force: true })
      throw error
    } finally {
      await handle.close()
    }
  } catch (error) {
    const taken = systemCode(error) === 'EEXIST'
    throw new EcomdbError('STORAGE_FAILED', {
      what: `cannot write the key file ${file}`,
      why: taken ? 'it is there already, and a key is never overwritten' : messageOf(error),
      hints: taken ? ['move the old key away first; snapshots made with it still need it'] : [],
      cause: error,
    })
  }
}

function unusable(kind: string, file: string, why: string, cause?: unknown): EcomdbError {
  return new EcomdbError('SECRET_MISSING', {
    what: `cannot use the ${kind} in ${file}`,
    why,
    hints: ['run `ecomdb init` to make keys, or correct the path under keys in ecomdb.yaml'],
    cause,
  })
}
