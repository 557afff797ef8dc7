import { patternOf } from '#domain/access/right'
import type { AccountName } from '#domain/schema/service-accounts'
import { quoteAccount, quoteIdentifier } from './quote.ts'

/** @param isLiteral MySQL's partial_revokes: database names in grants are no patterns */
export function grantOnDatabase(
  privilege: string,
  schema: string,
  { user, host }: AccountName,
  isLiteral: boolean,
): string {
  const on = quoteIdentifier(isLiteral ? schema : patternOf(schema))
  return `GRANT ${privilege} ON ${on}.* TO ${quoteAccount(user, host)}`
}

/** MariaDB's roles have no host. */
export function grantOnServer(
  privileges: readonly string[],
  { user, host }: AccountName,
  isRole: boolean,
): string {
  return `GRANT ${privileges.join(', ')} ON *.* TO ${isRole ? quoteIdentifier(user) : quoteAccount(user, host)}`
}
