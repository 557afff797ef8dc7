import { existsSync } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock } from '#core/clock'
import type { Secret } from '#core/secret'
import { translateStorageError } from '#core/storage-error'
import {
  generateDedupKey,
  generateIdentity,
  generateSigningKey,
  readIdentities,
  readSigningKey,
  recipientOf,
  writeDedupKey,
  writeIdentity,
  writeSigningKey,
} from '#crypto/key-files'

/** Where the keys of a configuration live. */
export interface KeyPlaces {
  /** Private half of the operations key. */
  operations: string
  /** Private half of the escrow key, in a folder to be taken away. */
  escrow: string
  /** Both public halves, as `age -R` reads them. Once it is there, no identity is made. */
  recipients: string
  signingKey: string
  dedupKey: string
  password: string
}

/**
 * @param identitiesStay false on a database host: both private keys are to be taken away
 */
export function keyPlaces(folder: string, identitiesStay: boolean): KeyPlaces {
  const keys = join(folder, 'keys')
  const away = join(folder, 'take-away')
  return {
    operations: join(identitiesStay ? keys : away, 'operations.identity'),
    escrow: join(away, 'escrow.identity'),
    recipients: join(keys, 'recipients.txt'),
    signingKey: join(keys, 'signing.key'),
    dedupKey: join(keys, 'dedup.key'),
    password: join(keys, 'server.password'),
  }
}

/** Makes one identity where there is none. */
export async function ensureIdentity(file: string, clock: Clock): Promise<void> {
  if (existsSync(file)) return
  await makeFolder(file)
  await writeIdentity(file, await generateIdentity(), clock.now())
}

/** Writes the public halves; the identities need not stay after that. */
export async function ensureRecipients(places: KeyPlaces): Promise<void> {
  if (existsSync(places.recipients)) return
  const identities = await readIdentities([places.operations, places.escrow])
  const [operations, escrow] = await Promise.all(identities.map(recipientOf))
  const text = `# operations\n${operations}\n# escrow\n${escrow}\n`
  await makeFolder(places.recipients)
  await writeNewFile(places.recipients, text, 0o644)
}

/** The public keys of recipients.txt. */
export async function readRecipients(file: string): Promise<string[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').map(line => line.trim())
  return lines.filter(line => line && !line.startsWith('#'))
}

/**
 * Puts a new recipient into recipients.txt, in the place of the one that it takes over from; where that one is not
 * named, in the place of one that a rotation which was cut off has put there, and that is not in use. Where there is
 * neither, nor the file, nothing is changed.
 *
 * @param inUse by ecomdb.yaml
 * @throws EcomdbError STORAGE_FAILED
 */
export async function replaceRecipient(
  file: string,
  { old, by, inUse }: { old: string; by: string; inUse: readonly string[] },
): Promise<void> {
  if (!existsSync(file)) return
  const lines = (await readFile(file, 'utf8')).split('\n')
  const isNamed = lines.some(line => line.trim() === old)
  const isUnused = (line: string) => /^\s*[^\s#]/.test(line) && !inUse.includes(line.trim())
  const at = lines.findIndex(line => (isNamed ? line.trim() === old : isUnused(line)))
  const before = lines[at]?.trim()
  if (before === undefined) return
  const partial = `${file}.partial`
  try {
    await rm(partial, { force: true })
    const text = lines.toSpliced(at, 1, `# replaced: ${before}`, by).join('\n')
    await writeNewFile(partial, text, 0o644)
    await rename(partial, file)
  } catch (error) {
    throw translateStorageError(error, `cannot change ${file}`)
  }
}

/**
 * Keys of a folder, or a configuration, that `ecomdb key rotate` has left: the first ones there are no longer those in
 * use, and only ecomdb.yaml says which are. Paths relative to the folder.
 */
export async function tracesOfRotation(folder: string): Promise<string[]> {
  const found = await Promise.all(
    ['keys', 'take-away'].map(async name =>
      existsSync(join(folder, name))
        ? (await readdir(join(folder, name))).map(file => `${name}/${file}`)
        : [],
    ),
  )
  const before = existsSync(join(folder, BEFORE_ROTATION)) ? [BEFORE_ROTATION] : []
  return [...before, ...found.flat().filter(file => ROTATED.test(file))].sort()
}

/** What is behind the name of the configuration that a rotation keeps. */
export const ROTATION_SUFFIX = '.before-rotation'
const BEFORE_ROTATION = `ecomdb.yaml${ROTATION_SUFFIX}`
const ROTATED = /\/(signing|operations|escrow)-\d{8}-\d{6}-\d{3}\.(key|identity)$/

/** @returns the public key */
export async function ensureSigningKey(file: string): Promise<string> {
  if (!existsSync(file)) {
    await makeFolder(file)
    await writeSigningKey(file, generateSigningKey())
  }
  return (await readSigningKey(file)).signer
}

export async function ensureDedupKey(file: string): Promise<void> {
  if (existsSync(file)) return
  await makeFolder(file)
  await writeDedupKey(file, generateDedupKey())
}

export async function ensurePassword(file: string, password: Secret): Promise<void> {
  if (existsSync(file)) return
  await makeFolder(file)
  await writeNewFile(file, `${password.reveal()}\n`, 0o600)
}

/** A new file that survives a power cut; never overwrites. */
export async function writeNewFile(file: string, text: string, mode: number): Promise<void> {
  const handle = await open(file, 'wx', mode)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The folder of a key file, for its owner alone. */
export async function makeFolder(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
}
