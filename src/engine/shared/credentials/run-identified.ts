import { createHash } from 'node:crypto'
import type { Secret } from '#core/secret'
import { PASSWORD_MARK } from '#domain/schema/provision-plan'
import { quoteString } from '../../quote.ts'
import { serverErrorNumber } from '../../server-error.ts'
import type { Session } from '../../session.ts'

/** ER_OPTION_PREVENTS_STATEMENT: strict_password_validation refuses what it cannot look at. */
export const HASH_REFUSED = 1290

/**
 * Runs a statement with `IDENTIFIED BY PASSWORD_MARK` in it.
 *
 * MariaDB writes CREATE USER and ALTER USER into its binary log as they came, password and all
 * (seen on 10.11; MySQL writes the hash): it gets the hash of mysql_native_password. Where its own
 * password rules want to see the password, they do, and so does its log.
 */
export async function runIdentified(
  session: Session,
  sql: string,
  password: Secret,
): Promise<void> {
  const plain = sql.replace(PASSWORD_MARK, () => quoteString(password.reveal()))
  if (session.flavor.family === 'mysql') {
    await session.run(plain)
    return
  }
  const hash = quoteString(nativePasswordHash(password.reveal()))
  try {
    await session.run(sql.replace(PASSWORD_MARK, () => `PASSWORD ${hash}`))
  } catch (error) {
    if (serverErrorNumber(error) !== HASH_REFUSED) throw error
    await session.run(plain)
  }
}

/** As the server's PASSWORD() gives it. */
function nativePasswordHash(password: string): string {
  const sha1 = (data: string | Buffer): Buffer => createHash('sha1').update(data).digest()
  return `*${sha1(sha1(password)).toString('hex').toUpperCase()}`
}
