import { createHash, randomBytes } from 'node:crypto'
import { EcomdbError, messageOf } from '#core/errors'
import { Secret } from '#core/secret'
import { PASSWORD_MARK } from '#domain/schema/provision-plan'
import { quoteString } from '../../quote.ts'
import { serverErrorNumber } from '../../server-error.ts'
import type { Session } from '../../session.ts'

/** ER_OPTION_PREVENTS_STATEMENT: strict_password_validation refuses what it cannot look at. */
export const HASH_REFUSED = 1290

/** ER_CANNOT_USER: of CREATE USER, the account is there; of ALTER USER, any refusal, that one too. */
const CANNOT_USER = 1396

/**
 * Runs `CREATE USER … IDENTIFIED BY PASSWORD_MARK …` or `ALTER USER … IDENTIFIED BY PASSWORD_MARK`.
 *
 * MariaDB writes CREATE USER and ALTER USER into its binary log as they came, password and all
 * (seen on 10.11; MySQL writes the hash): it gets the hash of mysql_native_password. Where its own
 * password rules want to see the password, they do, by SET PASSWORD: of that the log has the hash.
 */
export async function runIdentified(
  session: Session,
  sql: string,
  password: Secret,
): Promise<void> {
  if (session.flavor.family === 'mysql') {
    await session.run(sql.replace(PASSWORD_MARK, () => quoteString(password.reveal())))
    return
  }
  const hash = quoteString(nativePasswordHash(password.reveal()))
  try {
    await session.run(sql.replace(PASSWORD_MARK, () => `PASSWORD ${hash}`))
  } catch (error) {
    if (![HASH_REFUSED, CANNOT_USER].includes(serverErrorNumber(error) ?? 0)) throw error
    await runUnderRules(session, sql, password)
  }
}

/**
 * Whether the account of `ALTER USER … IDENTIFIED BY PASSWORD_MARK` has this password already. Asked of
 * MariaDB: the hashes of MySQL do not tell.
 */
export async function hasHashOf(session: Session, sql: string, password: Secret): Promise<boolean> {
  const [, account] = /^ALTER USER (.+)$/s.exec(sql.split(IDENTIFIED)[0] ?? '') ?? []
  if (account === undefined || session.flavor.family === 'mysql') return false
  const made = await session.value(`SHOW CREATE USER ${account}`)
  return String(made).includes(nativePasswordHash(password.reveal()))
}

/** MariaDB: behind CREATE USER, no password opens the account. Its rules take that for a hash. */
export const LOCKED_WITHOUT_PASSWORD =
  "IDENTIFIED VIA mysql_native_password USING 'invalid' ACCOUNT LOCK"

/**
 * Runs any statement; where MariaDB refuses LOCKED_WITHOUT_PASSWORD, the account gets a password
 * that nobody has ever seen instead.
 */
export async function runAccountStatement(session: Session, sql: string): Promise<void> {
  try {
    await session.run(sql)
  } catch (error) {
    const isRefused = serverErrorNumber(error) === HASH_REFUSED
    if (!isRefused || !sql.endsWith(LOCKED_WITHOUT_PASSWORD)) throw error
    const head = sql.slice(0, -LOCKED_WITHOUT_PASSWORD.length).trimEnd()
    await runUnderRules(session, `${head}${IDENTIFIED}${LOCK}`, new Secret(throwaway()))
  }
}

const IDENTIFIED = ` IDENTIFIED BY ${PASSWORD_MARK}`
const LOCK = ' ACCOUNT LOCK'

/**
 * The account is made with a password that nobody has, and locked as long as it has that one: the
 * log shows it. When the rules refuse the real one, the account goes again. A run that dies in between
 * leaves it locked: who makes accounts that log in opens one that is found so.
 */
async function runUnderRules(session: Session, sql: string, password: Secret): Promise<void> {
  const [head = '', rest = ''] = sql.split(IDENTIFIED)
  const [, verb, ifNeeded, account] =
    /^(CREATE|ALTER) USER (IF NOT EXISTS )?(.+)$/s.exec(head) ?? []
  if (account === undefined) throw new Error(`no statement that sets a password: ${sql}`)
  const set = `SET PASSWORD FOR ${account} = PASSWORD(${quoteString(password.reveal())})`
  if (verb === 'ALTER') {
    await session.run(set)
    return
  }
  const isLocked = rest.endsWith(LOCK)
  const first = `CREATE USER ${account} IDENTIFIED BY ${quoteString(throwaway())}${rest}`
  try {
    await session.run(isLocked ? first : `${first}${LOCK}`)
  } catch (error) {
    if (ifNeeded && serverErrorNumber(error) === CANNOT_USER) return
    throw error
  }
  try {
    await session.run(set)
    if (!isLocked) await session.run(`ALTER USER ${account} ACCOUNT UNLOCK`)
  } catch (error) {
    await session.run(`DROP USER ${account}`).catch((second: unknown) => {
      throw leftLocked(account, error, second)
    })
    throw error
  }
}

/** What failed first decides what it is. */
function leftLocked(account: string, error: unknown, second: unknown): EcomdbError {
  return new EcomdbError(error instanceof EcomdbError ? error.code : 'SERVER_REFUSED', {
    what: `${messageOf(error)}; then ${account}, locked and without its password, was not dropped`,
    why: messageOf(second),
    hints: [`\`DROP USER ${account}\`, then run the command again`],
    cause: error,
  })
}

/** Some of every kind of characters, and more of them than a server asks for. */
function throwaway(): string {
  return `${randomBytes(48).toString('base64url')}Aa1.-_+:,=%`
}

/** As the server's PASSWORD() gives it. */
function nativePasswordHash(password: string): string {
  const sha1 = (data: string | Buffer): Buffer => createHash('sha1').update(data).digest()
  return `*${sha1(sha1(password)).toString('hex').toUpperCase()}`
}
