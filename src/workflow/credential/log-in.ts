import { randomBytes } from 'node:crypto'
import type { Clock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import type { Secret } from '#core/secret'
import { generatePassword, MACHINE_LENGTH } from '#crypto/generate-password'
import type { TotpPolicy } from '#domain/credential/totp-policy'
import { HANDLE } from '#domain/credential/user-report'
import { connectToAccounts } from '#engine/account-session'
import type { MintedSession } from '#engine/credentials'
import type { Engine } from '#engine/engine'
import type { ConnectOptions, Session } from '#engine/session'
import { countAttempt, type FactorPorts, useCode, useRecoveryCode } from './second-factor.ts'

/** What the issuer works with: on a host that users cannot administer. */
export interface Issuer {
  engine: Engine
  /** The broker's own account. */
  connect: ConnectOptions
  policy: TotpPolicy
  totpKey: Secret
  clock: Clock
}

export interface LoginRequest {
  person: string
  password: Secret
  /** Six digits, or with `recovery` a recovery code. */
  code: Secret
  recovery: boolean
}

export interface LoggedIn extends MintedSession {
  password: Secret
}

/** Why a login is refused; for the record alone, and never for the one who asks. */
type Refusal =
  | 'no such person'
  | 'not active'
  | 'not enrolled'
  | 'wrong password'
  | 'wrong code'
  | 'the identity account is open'

/**
 * Password, code, session account, in this order. An attempt counts as failed from its
 * beginning; a refusal does not say what was wrong.
 *
 * @throws EcomdbError LOGIN_REFUSED, LOGIN_THROTTLED; LOCKED when the person is being changed;
 *   SERVER_UNREACHABLE
 */
export async function logIn(issuer: Issuer, request: LoginRequest): Promise<LoggedIn> {
  const { engine, connect } = issuer
  if (!HANDLE.test(request.person)) throw refused()
  const session = await connectToAccounts(engine, connect)
  try {
    const refusal = await authenticate(issuer, session, request)
    if (refusal) {
      await record(engine, session, request.person, { refused: refusal })
      throw refused()
    }
    const minted = await mint(issuer, session, request.person)
    const { user, host } = minted
    await record(engine, session, request.person, { session: `${user}@${host}` })
    return minted
  } finally {
    await session.close()
  }
}

/** Null when both factors are right. */
async function authenticate(
  { engine, connect, totpKey, clock }: Issuer,
  session: Session,
  { person, password, code, recovery }: LoginRequest,
): Promise<Refusal | null> {
  const { credentials } = engine
  const ports: FactorPorts = { credentials, session, totpKey, now: clock.now() }
  const known = await credentials.person(session, person)
  const totp = known ? await countAttempt(ports, person) : null
  // Asked in any case, so that the time tells little about who exists.
  const answer = await credentials.checkPassword(connect, person, password)
  if (!known) return 'no such person'
  if (known.state !== 'active') return 'not active'
  if (!totp) return 'not enrolled'
  if (answer === 'open') return 'the identity account is open'
  if (answer === 'throttled') throw serverThrottled()
  if (answer === 'wrong') return 'wrong password'
  const isRight = recovery
    ? await useRecoveryCode(ports, person, code)
    : await useCode(ports, totp, code, 'active')
  return isRight ? null : 'wrong code'
}

async function mint(
  { engine, policy }: Issuer,
  session: Session,
  person: string,
): Promise<LoggedIn> {
  const { lastsMs, connections } = policy.session
  const password = generatePassword(MACHINE_LENGTH)
  const minted = await engine.credentials.mint(session, {
    person,
    suffix: randomBytes(6).toString('hex'),
    password,
    lastsS: Math.round(lastsMs / 1000),
    connections,
  })
  if (minted === 'not active') {
    await record(engine, session, person, { refused: 'not active' })
    throw refused()
  }
  if (minted === 'busy') {
    throw new EcomdbError('LOCKED', {
      what: 'the person is being changed at this moment',
      hints: ['log in again with the next code'],
    })
  }
  return { ...minted, password }
}

async function record(
  engine: Engine,
  session: Session,
  subject: string,
  detail: object,
): Promise<void> {
  await engine.accessCatalog.recordOperation(session, { command: 'login', subject, detail })
}

function refused(): EcomdbError {
  return new EcomdbError('LOGIN_REFUSED', {
    what: 'the login is refused',
    why: 'the password or the code is wrong, was used already, or the person may not log in',
    hints: ['wait for the next code, and try again'],
  })
}

function serverThrottled(): EcomdbError {
  return new EcomdbError('LOGIN_THROTTLED', {
    what: 'the server refuses more attempts',
    why: 'the password was wrong too often',
    hints: ['an operator can lift it: `ecomdb user unlock`'],
  })
}
