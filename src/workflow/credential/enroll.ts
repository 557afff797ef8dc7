import type { Clock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import type { Secret } from '#core/secret'
import { otpauthUri } from '#crypto/one-time-code'
import { generateRecoveryCode, hashRecoveryCode } from '#crypto/recovery-code'
import { generateSeed, sealSeed } from '#crypto/sealed-seed'
import type { Enrolment } from '#domain/credential/user-report'
import type { Session } from '#engine/session'
import { asAdministrator, type PeopleServer, requirePerson } from './people.ts'
import { countAttempt, useCode } from './second-factor.ts'

export interface EnrolOptions {
  issuer: string
  totpKey: Secret
  clock: Clock
}

const RECOVERY_CODES = 10

/**
 * A new seed, which does not count before a code of it came back. An old one is void at once,
 * and so are its recovery codes.
 *
 * @returns with the otpauth URI: the only time that the seed is shown
 */
export async function enroll(
  server: PeopleServer,
  handle: string,
  { issuer, totpKey, clock }: EnrolOptions,
): Promise<Enrolment> {
  return await asAdministrator(server, async session => {
    const { credentials, accessCatalog } = server.engine
    await requirePerson(server, session, handle)
    const before = await credentials.totp(session, handle)
    const version = (before?.version ?? 0) + 1
    const seed = generateSeed()
    const sealed = sealSeed(seed, totpKey, { person: handle, version })
    await credentials.enroll(session, handle, version, sealed, clock.now())
    const operation = { command: 'user enroll', subject: handle, detail: { version } }
    await accessCatalog.recordOperation(session, operation)
    const uri = await otpauthUri(seed, issuer, handle)
    return { person: handle, state: 'pending', otpauthUri: uri, recoveryCodes: [] }
  })
}

/**
 * Confirms it with a code, which is used up by that, and gives the recovery codes.
 *
 * @throws EcomdbError LOGIN_REFUSED, LOGIN_THROTTLED
 */
export async function confirmEnrolment(
  server: PeopleServer,
  handle: string,
  code: Secret,
  { totpKey, clock }: EnrolOptions,
): Promise<Enrolment> {
  return await asAdministrator(server, async session => {
    const { credentials, accessCatalog } = server.engine
    await requirePerson(server, session, handle)
    const ports = { credentials, session, totpKey, now: clock.now() }
    const totp = await countAttempt(ports, handle)
    if (totp?.state !== 'pending') throw nothingToConfirm(handle)
    if (!(await useCode(ports, totp, code, 'pending'))) throw wrongCode()
    const recoveryCodes = await newRecoveryCodes(server, session, handle)
    const operation = {
      command: 'user enroll',
      subject: handle,
      detail: { confirmed: totp.version },
    }
    await accessCatalog.recordOperation(session, operation)
    return { person: handle, state: 'active', otpauthUri: null, recoveryCodes }
  })
}

/** Ten new recovery codes instead of those from before. */
export async function renewRecoveryCodes(server: PeopleServer, handle: string): Promise<Enrolment> {
  return await asAdministrator(server, async session => {
    const { credentials, accessCatalog } = server.engine
    await requirePerson(server, session, handle)
    const totp = await credentials.totp(session, handle)
    if (totp?.state !== 'active') throw nothingToConfirm(handle)
    const recoveryCodes = await newRecoveryCodes(server, session, handle)
    const operation = { command: 'user recovery', subject: handle, detail: {} }
    await accessCatalog.recordOperation(session, operation)
    return { person: handle, state: 'active', otpauthUri: null, recoveryCodes }
  })
}

async function newRecoveryCodes(
  { engine }: PeopleServer,
  session: Session,
  handle: string,
): Promise<string[]> {
  const codes = Array.from({ length: RECOVERY_CODES }, generateRecoveryCode)
  const hashes = codes.flatMap(code => hashRecoveryCode(code) ?? [])
  await engine.credentials.replaceRecoveryCodes(session, handle, hashes)
  return codes.map(code => code.reveal())
}

function nothingToConfirm(handle: string): EcomdbError {
  return new EcomdbError('INPUT_INVALID', {
    what: `the second factor of ${handle} is not in the state for that`,
    why: 'an enrolment is confirmed once, and recovery codes belong to a confirmed one',
    hints: ['`ecomdb user show` tells the state; `ecomdb user enroll` begins anew'],
  })
}

function wrongCode(): EcomdbError {
  return new EcomdbError('LOGIN_REFUSED', {
    what: 'the code does not confirm the enrolment',
    why: 'expected the six digits that the app shows now',
    hints: ['wait for the next code; is the clock of the phone right?'],
  })
}
