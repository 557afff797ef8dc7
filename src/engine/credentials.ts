import type { Secret } from '#core/secret'
import type { AttemptState } from '#domain/credential/totp'
import type { AccountName } from '#domain/schema/service-accounts'
import type { ConnectOptions, Session } from './session.ts'

export type PersonState = 'active' | 'locked' | 'left'

export interface PersonRecord {
  person: string
  fullName: string
  email: string | null
  state: PersonState
}

/** An account that stands for a person, as ecomdb's records and the server's catalogue say. */
export interface PersonAccount extends AccountName {
  kind: string
  exists: boolean
  locked: boolean
  /** Privileges and roles that it holds itself; USAGE is none. */
  rights: number
}

/**
 * What the server says to a password. A locked account's password is checked all the same,
 * and told apart (both engines, measured): that is what an identity account is for.
 *
 * open: the account is not locked, so the password alone opens it.
 */
export type PasswordAnswer = 'right' | 'wrong' | 'throttled' | 'open'

export interface Totp extends AttemptState {
  person: string
  /** One more with every enrolment; the seed is sealed for it. */
  version: number
  state: 'pending' | 'active' | 'renew'
  sealedSeed: Buffer
  lastStep: number
}

export interface HashedPassword {
  salt: Buffer
  hash: Buffer
}

export interface SessionAccount {
  user: string
  host: string
  expiresAt: Date
}

export interface MintedSession extends SessionAccount {
  /** Without TLS the server refuses it. */
  tls: boolean
}

export interface OpenSessionAccount extends SessionAccount {
  person: string
  createdAt: Date
}

export interface Lockout {
  attempts: number
  days: number
}

/** What `Credentials.prepareIssuer` sets up. */
export interface IssuerOptions {
  /** The broker's own account, which is made where it is not there. */
  broker: AccountName
  sessionHost: string
}

/** People, their passwords and second factors, and the accounts that a login gets. */
export interface Credentials {
  people(session: Session): Promise<PersonRecord[]>
  person(session: Session, person: string): Promise<PersonRecord | null>
  /** @throws EcomdbError INPUT_INVALID when there is or was such a person */
  addPerson(session: Session, person: PersonRecord): Promise<void>
  /** Under the person's lock, which minting and offboarding take as well. */
  setState(session: Session, person: string, state: 'active' | 'locked'): Promise<void>

  accountsOf(session: Session, person: string): Promise<PersonAccount[]>
  /** A locked account without rights, which holds the password. */
  makeIdentity(
    session: Session,
    person: string,
    account: AccountName,
    password: Secret,
    lockout: Lockout,
  ): Promise<void>
  setPassword(session: Session, account: AccountName, password: Secret): Promise<void>
  /** Lets the server answer again after refused logins; the account stays locked. */
  clearThrottle(session: Session, account: AccountName, lockout: Lockout): Promise<void>
  /** @throws EcomdbError SERVER_UNREACHABLE, SERVER_REFUSED: never takes them for an answer */
  checkPassword(options: ConnectOptions, user: string, password: Secret): Promise<PasswordAnswer>
  history(session: Session, person: string, last: number): Promise<HashedPassword[]>
  addToHistory(session: Session, person: string, hashed: HashedPassword, now: Date): Promise<void>

  totp(session: Session, person: string): Promise<Totp | null>
  /** Other databases of this server in which ecomdb keeps people, one of them enrolled. */
  enrolledElsewhere(session: Session): Promise<string[]>
  /** A new seed, which does not count before it is confirmed. Recovery codes go. */
  enroll(session: Session, person: string, version: number, seed: Buffer, now: Date): Promise<void>
  /**
   * Uses the code of a step up, and takes the failures back, in one conditional UPDATE: of
   * all processes that come with the same code exactly one gets true.
   *
   * @param from pending: the code that confirms an enrolment
   */
  useStep(
    session: Session,
    used: { person: string; version: number; step: number; from: 'pending' | 'active' },
    now: Date,
  ): Promise<boolean>
  /** Counts an attempt; false when another came in between, and the state must be read again. */
  countAttempt(
    session: Session,
    person: string,
    before: AttemptState,
    after: AttemptState,
  ): Promise<boolean>
  clearFailures(session: Session, person: string): Promise<void>
  dropTotp(session: Session, person: string): Promise<void>
  recoveryCodesLeft(session: Session, person: string): Promise<number>
  replaceRecoveryCodes(session: Session, person: string, hashes: readonly Buffer[]): Promise<void>
  /** Uses a recovery code up; from then on the person must be enrolled again. */
  useRecoveryCode(session: Session, person: string, hash: Buffer, now: Date): Promise<boolean>

  /** The statements that make the issuer's procedures and the broker's account; to be shown. */
  issuerSteps(session: Session, options: IssuerOptions): Promise<IssuerSetup>
  runIssuerStep(session: Session, step: IssuerStep, password: Secret | null): Promise<void>
  /** @returns why not, where the server has an answer of its own */
  mint(
    session: Session,
    wanted: {
      person: string
      suffix: string
      password: Secret
      lastsS: number
      connections: number
    },
  ): Promise<MintedSession | 'busy' | 'not active'>
  /** Locks, kills and drops; one that has ended is left alone. */
  endSession(
    session: Session,
    user: string,
    reason: string,
  ): Promise<'ended' | 'not open' | 'still connected'>
  openSessions(session: Session, person: string | null): Promise<OpenSessionAccount[]>
}

export interface IssuerSetup {
  steps: IssuerStep[]
  /** Somebody has locked the broker's account, and it stays so. */
  brokerLocked: boolean
}

/** A statement of the issuer's setup; with a password where it makes an account. */
export interface IssuerStep {
  sql: string
  takesPassword: boolean
}
