import { EcomdbError } from '#core/errors'
import type { Secret } from '#core/secret'
import { stepOfCode } from '#crypto/one-time-code'
import { hashRecoveryCode } from '#crypto/recovery-code'
import { openSeed } from '#crypto/sealed-seed'
import { decideAttempt } from '#domain/credential/totp'
import type { Credentials, Totp } from '#engine/credentials'
import type { Session } from '#engine/session'

/** Where a person's second factor is, and when it is. */
export interface FactorPorts {
  credentials: Credentials
  session: Session
  totpKey: Secret
  now: Date
}

/**
 * Counts an attempt as failed before anything is looked at; what is right takes it back.
 *
 * @returns null when the person has no second factor
 * @throws EcomdbError LOGIN_THROTTLED
 */
export async function countAttempt(
  { credentials, session, now }: Omit<FactorPorts, 'totpKey'>,
  person: string,
): Promise<Totp | null> {
  for (;;) {
    const totp = await credentials.totp(session, person)
    if (!totp) return null
    const decision = decideAttempt(totp, now)
    if (!decision.allowed) throw throttled(decision.retryAt)
    // Another attempt came in between: its count is part of the decision.
    if (await credentials.countAttempt(session, person, totp, decision.ifRefused)) return totp
  }
}

/**
 * Uses a code up: of all that come with the same one, exactly one gets true.
 *
 * @param from pending: it confirms an enrolment
 */
export async function useCode(
  { credentials, session, totpKey, now }: FactorPorts,
  totp: Totp,
  code: Secret,
  from: 'pending' | 'active',
): Promise<boolean> {
  if (totp.state !== from) return false
  const { person, version, lastStep } = totp
  const seed = openSeed(totp.sealedSeed, totpKey, { person, version })
  const step = await stepOfCode(code.reveal(), seed, lastStep, now)
  if (step === null) return false
  return await credentials.useStep(session, { person, version, step, from }, now)
}

/** Uses a recovery code up; the person must then be enrolled again. */
export async function useRecoveryCode(
  { credentials, session, now }: Omit<FactorPorts, 'totpKey'>,
  person: string,
  code: Secret,
): Promise<boolean> {
  const hash = hashRecoveryCode(code)
  return hash !== null && (await credentials.useRecoveryCode(session, person, hash, now))
}

export function throttled(retryAt: Date): EcomdbError {
  return new EcomdbError('LOGIN_THROTTLED', {
    what: 'too many attempts were wrong',
    why: `the next one is possible at ${retryAt.toISOString()}`,
    hints: ['an operator can lift it: `ecomdb user unlock`'],
  })
}
