import { CODE, isFresh, STEP_SECONDS, stepAt } from '#domain/credential/totp'

/** The seed as authenticator apps take it. */
async function base32(seed: Buffer): Promise<string> {
  const { ScureBase32Plugin } = await import('otplib')
  return new ScureBase32Plugin().encode(seed).replace(/=+$/, '')
}

/** otpauth://totp/ISSUER:PERSON?secret=…, for a QR code. It holds the seed. */
export async function otpauthUri(seed: Buffer, issuer: string, person: string): Promise<string> {
  const { generateURI } = await import('otplib')
  return generateURI({ issuer, label: person, secret: await base32(seed) })
}

/**
 * The step of a code that is right at this moment and newer than the last one used; null for
 * any other text. The step must still be used up, durably: two processes may be here at once.
 *
 * @param typed as it came; anything but six digits is refused before it is looked at
 */
export async function stepOfCode(
  typed: string,
  seed: Buffer,
  lastStep: number,
  now: Date,
): Promise<number | null> {
  // otplib throws when the last step lies in the future: a clock was set back.
  if (!CODE.test(typed) || lastStep >= stepAt(now)) return null
  const { verify } = await import('otplib')
  const found = await verify({
    secret: seed,
    token: typed,
    epoch: Math.floor(now.getTime() / 1000),
    epochTolerance: [STEP_SECONDS, 0],
    ...(lastStep > 0 ? { afterTimeStep: lastStep } : {}),
  })
  if (!found.valid || !('timeStep' in found)) return null
  return isFresh(found.timeStep, lastStep, now) ? found.timeStep : null
}
