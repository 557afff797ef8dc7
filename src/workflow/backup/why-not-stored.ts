import { EcomdbError } from '#core/errors'

/** The place takes nothing from this account, or not any more: its token ran out, or it went. */
const NOT_STORED: ReadonlySet<string> = new Set([
  ...['STORAGE_FAILED', 'TARGET_UNAVAILABLE', 'AUTHENTICATION_REFUSED', 'SECRET_MISSING'],
])

/**
 * Why a signed statement about work that is done could not be stored, in words: what was found is told all the
 * same, as it may have taken hours.
 *
 * @throws the error when it is another
 */
export function whyNotStored(error: unknown): string {
  if (!(error instanceof EcomdbError) || !NOT_STORED.has(error.code)) throw error
  return error.why ?? error.what
}
