import { EcomdbError } from '#core/errors'
import type { AccountName } from '#domain/schema/service-accounts'

/**
 * "alice@10.0.0.%", or "'alice'@'10.0.0.%'" as the server writes it.
 *
 * @throws EcomdbError USAGE
 */
export function accountOf(text: string): AccountName {
  const [, quotedUser, quotedHost] = /^'(.*)'@'([^']*)'$/s.exec(text) ?? []
  const at = text.lastIndexOf('@')
  const [user, host] =
    quotedUser !== undefined && quotedHost !== undefined
      ? [quotedUser.replaceAll("''", "'"), quotedHost]
      : [text.slice(0, Math.max(at, 0)), text.slice(at + 1)]
  if (user !== '' && host !== '' && at > 0) return { user, host }
  throw new EcomdbError('USAGE', {
    what: `not an account: ${JSON.stringify(text)}`,
    why: 'an account is a user and a host',
    hints: ["for example: --account 'alice@10.0.0.%'"],
  })
}
