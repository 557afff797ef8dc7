import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Config } from '#config/config'
import { EcomdbError } from '#core/errors'
import { readSecretFile } from '#core/secret-file'
import { readDedupKey, readIdentities, readSigningKey } from '#crypto/key-files'
import type { DoctorFacts, KeyFileFact } from './facts.ts'

/** Tries every file that the configuration names, as a command would. */
export async function gatherKeyFiles({ server, keys }: Config): Promise<KeyFileFact[]> {
  const { signingKeyFile, dedupKeyFile, identityFiles, totpKeyFile } = keys
  const { passwordFile } = server
  const password = "the server's password"
  return await Promise.all([
    ...(passwordFile
      ? [tryFile(passwordFile, password, () => readSecretFile(passwordFile, password))]
      : []),
    ...(signingKeyFile
      ? [tryFile(signingKeyFile, 'signing key', () => readSigningKey(signingKeyFile))]
      : []),
    ...(dedupKeyFile ? [tryFile(dedupKeyFile, 'dedup key', () => readDedupKey(dedupKeyFile))] : []),
    ...(totpKeyFile
      ? [tryFile(totpKeyFile, 'key of one-time codes', () => readDedupKey(totpKeyFile))]
      : []),
    ...identityFiles.map(file => tryFile(file, 'identity', () => readIdentities([file]))),
  ])
}

async function tryFile(
  path: string,
  purpose: string,
  read: () => Promise<unknown>,
): Promise<KeyFileFact> {
  try {
    await read()
    return { path, purpose, error: null }
  } catch (error) {
    if (error instanceof EcomdbError) return { path, purpose, error }
    throw error
  }
}

/** Longer files are no key files. */
const LONGEST_KEY_FILE_BYTES = 64 * 1024

/** Age private keys among the configured identities, and in the folders that init makes. */
export async function gatherPrivateKeys({
  file,
  keys,
  runsOn,
}: Config): Promise<DoctorFacts['privateKeys']> {
  const candidates = [...new Set([...keys.identityFiles, ...(await filesBeside(file))])]
  const found = await Promise.all(
    candidates.map(async path => ((await holdsIdentity(path)) ? [path] : [])),
  )
  // What init and rotations have put there for somebody to take away; elsewhere no private key may lie at all.
  const mayHoldOne = runsOn === 'all' || runsOn === 'drill'
  const isLeft = (path: string): boolean =>
    mayHoldOne && file !== null && dirname(path) === join(dirname(file), 'take-away')
  return found.flat().map(path => ({ path, escrow: ESCROW.test(path) || isLeft(path) }))
}

/** The first one, and those of rotations: escrow-20261128-120000-123.identity. */
const ESCROW = /escrow(-[\d-]+)?\.identity$/

/** The key that the configuration names, and others whose seals are believed. */
export async function gatherSealingKeys({ file, audit }: Config): Promise<string[]> {
  const { signingKeyFile, trustedSigners } = audit
  const own = signingKeyFile ? [signingKeyFile] : []
  const found = await Promise.all(
    [...new Set([...own, ...(await filesBeside(file))])].map(async path => {
      const signer = await readSigningKey(path).then(
        key => key.signer,
        () => null,
      )
      return signer !== null && (own.includes(path) || trustedSigners.includes(signer))
        ? [path]
        : []
    }),
  )
  return found.flat()
}

/** In the folders that init makes. */
async function filesBeside(file: Config['file']): Promise<string[]> {
  const beside = file ? [join(dirname(file), 'keys'), join(dirname(file), 'take-away')] : []
  return (await Promise.all(beside.map(filesIn))).flat()
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries.filter(entry => entry.isFile()).map(entry => join(folder, entry.name))
}

async function holdsIdentity(path: string): Promise<boolean> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return text.length < LONGEST_KEY_FILE_BYTES && /^AGE-SECRET-KEY-/m.test(text)
}
