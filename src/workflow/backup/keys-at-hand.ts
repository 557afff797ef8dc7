import type { KeysConfig } from '#config/config'
import { EcomdbError } from '#core/errors'
import type { Progress } from '#core/progress'
import type { Secret } from '#core/secret'
import { readIdentities, readSigningKey, type SigningKey } from '#crypto/key-files'

/**
 * Identities for work that goes on without them: on a database host or a vault host there
 * are none, and a file that is named and missing is no error there.
 *
 * @throws EcomdbError SECRET_MISSING when `needed` and a file is missing or unusable
 */
export async function identitiesAtHand(
  { identityFiles }: KeysConfig,
  needed: boolean,
): Promise<Secret[]> {
  try {
    return await readIdentities(identityFiles)
  } catch (error) {
    if (needed || !isMissingKey(error)) throw error
    return []
  }
}

/** The signing key, or null with a warning where one is configured and cannot be used. */
export async function signingKeyAtHand(
  { signingKeyFile }: KeysConfig,
  progress: Progress,
): Promise<SigningKey | null> {
  if (!signingKeyFile) return null
  try {
    return await readSigningKey(signingKeyFile)
  } catch (error) {
    if (!isMissingKey(error)) throw error
    progress.warn(`no attestation will be written: ${error.what}: ${error.why ?? ''}`)
    return null
  }
}

function isMissingKey(error: unknown): error is EcomdbError {
  return error instanceof EcomdbError && error.code === 'SECRET_MISSING'
}
