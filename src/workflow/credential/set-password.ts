import type { Clock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import type { Secret } from '#core/secret'
import { generatePassphrase, generatePassword, RANDOM_LENGTH } from '#crypto/generate-password'
import { hashPassword, isSamePassword } from '#crypto/hashed-password'
import type { PasswordPolicy, Weakness } from '#domain/credential/password-policy'
import { HANDLE, type PasswordChange } from '#domain/credential/user-report'
import type { PersonRecord } from '#engine/credentials'
import type { Session } from '#engine/session'
import { checkPassword } from './check-password.ts'
import { passphraseWords } from './known-passwords.ts'
import { asAdministrator, type PeopleServer, requirePerson } from './people.ts'

/** A password that somebody chose, or how to make one. */
export type NewPassword = Secret | 'random' | 'passphrase'

export interface PasswordOptions {
  policy: PasswordPolicy
  password: NewPassword
  clock: Clock
}

/**
 * A person, with an identity account: locked, without rights, for the broker's host alone. It
 * holds the password and nothing else.
 *
 * @throws EcomdbError INPUT_INVALID for a name that is no handle or is taken, PASSWORD_REFUSED
 */
export async function addUser(
  server: PeopleServer,
  added: { person: string; fullName: string; email: string | null; identityHost: string },
  options: PasswordOptions,
): Promise<PasswordChange> {
  const { person, fullName, email, identityHost } = added
  if (!HANDLE.test(person)) throw noHandle(person)
  const record: PersonRecord = { person, fullName, email, state: 'active' }
  return await asAdministrator(server, async session => {
    const { credentials, accessCatalog } = server.engine
    const chosen = await choose(server, session, record, options)
    await credentials.addPerson(session, record)
    const account = { user: person, host: identityHost }
    const { lockout } = options.policy
    await credentials.makeIdentity(session, person, account, chosen.password, lockout)
    await remember(server, session, person, chosen.password, options.clock)
    const name = `'${person}'@'${identityHost}'`
    const operation = { command: 'user add', subject: person, detail: { account: name } }
    await accessCatalog.recordOperation(session, operation)
    return { person, account: name, generatedPassword: chosen.shown }
  })
}

/** @throws EcomdbError INPUT_INVALID without such a person or identity account, PASSWORD_REFUSED */
export async function changePassword(
  server: PeopleServer,
  handle: string,
  options: PasswordOptions,
): Promise<PasswordChange> {
  return await asAdministrator(server, async session => {
    const { credentials, accessCatalog } = server.engine
    const record = await requirePerson(server, session, handle)
    const accounts = await credentials.accountsOf(session, handle)
    const account = accounts.find(({ kind, exists }) => kind === 'identity' && exists)
    if (!account) throw noIdentity(handle)
    const chosen = await choose(server, session, record, options)
    await credentials.setPassword(session, account, chosen.password)
    await remember(server, session, handle, chosen.password, options.clock)
    const operation = { command: 'user passwd', subject: handle, detail: {} }
    await accessCatalog.recordOperation(session, operation)
    const name = `'${account.user}'@'${account.host}'`
    return { person: handle, account: name, generatedPassword: chosen.shown }
  })
}

async function choose(
  server: PeopleServer,
  session: Session,
  record: PersonRecord,
  { policy, password: wanted }: PasswordOptions,
): Promise<{ password: Secret; shown: string | null }> {
  const names = [record.person, record.fullName, ...(record.email ? [record.email] : [])]
  const weaknesses = (password: Secret): Promise<Weakness[]> =>
    checkPassword(password, policy, names, candidate =>
      isInHistory(server, session, record.person, candidate, policy.history),
    )
  if (wanted === 'random' || wanted === 'passphrase') {
    return await generate(wanted, policy, weaknesses)
  }
  const found = await weaknesses(wanted)
  if (found.length > 0) throw refused(found)
  return { password: wanted, shown: null }
}

/** A hundred in a row that the policy refuses mean that it accepts none. */
const TRIES = 100

async function generate(
  kind: 'random' | 'passphrase',
  { minLength, maxLength }: PasswordPolicy,
  weaknesses: (password: Secret) => Promise<Weakness[]>,
): Promise<{ password: Secret; shown: string }> {
  const words = kind === 'passphrase' ? await passphraseWords() : []
  let last: Weakness[] = []
  for (let tried = 0; tried < TRIES; tried += 1) {
    const password =
      kind === 'passphrase'
        ? generatePassphrase(words, minLength)
        : // More or less where the policy wants it.
          generatePassword(Math.min(Math.max(RANDOM_LENGTH, minLength), maxLength))
    last = await weaknesses(password)
    if (last.length === 0) return { password, shown: password.reveal() }
  }
  throw refused(last)
}

async function isInHistory(
  { engine }: PeopleServer,
  session: Session,
  person: string,
  candidate: Secret,
  last: number,
): Promise<boolean> {
  for (const earlier of await engine.credentials.history(session, person, last)) {
    if (await isSamePassword(candidate, earlier)) return true
  }
  return false
}

async function remember(
  { engine }: PeopleServer,
  session: Session,
  person: string,
  password: Secret,
  clock: Clock,
): Promise<void> {
  const hashed = await hashPassword(password)
  await engine.credentials.addToHistory(session, person, hashed, clock.now())
}

function refused(found: readonly Weakness[]): EcomdbError {
  return new EcomdbError('PASSWORD_REFUSED', {
    what: 'the policy refuses the password',
    why: found.map(({ message }) => message).join('; '),
    hints: ['`ecomdb policy show` prints the rules', 'use --generate to have one made'],
  })
}

function noHandle(person: string): EcomdbError {
  return new EcomdbError('INPUT_INVALID', {
    what: `"${person}" is no name for a person here`,
    why: 'expected a small letter, then up to 30 small letters, digits, ".", "_" and "-"',
  })
}

function noIdentity(handle: string): EcomdbError {
  return new EcomdbError('INPUT_INVALID', {
    what: `${handle} has no identity account`,
    why: 'nothing that ecomdb answers for holds a password of this person',
    hints: ['`ecomdb user show` lists the accounts'],
  })
}
