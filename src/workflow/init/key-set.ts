import { existsSync } from 'node:fs'
import { mkdir, open, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock } from '#core/clock'
import type { Secret } from '#core/secret'
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
