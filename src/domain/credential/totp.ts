/** RFC 6238: 30 s a step, six digits, SHA-1 (what every authenticator app speaks). */
export const STEP_SECONDS = 30

/**
 * What a code looks like. Anything else is refused before it is looked at: spaces and other
 * decorations made one code many in CVE-2025-6015.
 */
export const CODE = /^[0-9]{6}$/

/** The step that a moment is in. */
export function stepAt(now: Date): number {
  return Math.floor(now.getTime() / 1000 / STEP_SECONDS)
}

/** The current step and the one before; RFC 6238, 5.2: at most one for a slow hand. */
export function acceptedSteps(now: Date): readonly [number, number] {
  const step = stepAt(now)
  return [step - 1, step]
}

/**
 * May a code of this step be used?
 *
 * @param lastStep the last one that was: it, and what is older, never counts again
 */
export function isFresh(step: number, lastStep: number, now: Date): boolean {
  return step > lastStep && acceptedSteps(now).includes(step)
}

/** Failures that cost nothing but themselves. */
export const FREE_FAILURES = 4
export const LONGEST_WAIT_MS = 30 * 60_000
const FIRST_WAIT_MS = 60_000

/**
 * How long nobody may try again after so many failures in a row: 1, 2, 4, 8, 16 minutes after
 * the fifth to the ninth, and 30 from the tenth on, as PCI DSS 4 (8.3.4) asks at the latest then.
 */
export function waitAfterMs(failures: number): number {
  if (failures <= FREE_FAILURES) return 0
  // The exponent is bounded: 2 ** 1100 is Infinity.
  const doublings = Math.min(failures - FREE_FAILURES - 1, 10)
  return Math.min(FIRST_WAIT_MS * 2 ** doublings, LONGEST_WAIT_MS)
}

/** A person's durable counter. */
export interface AttemptState {
  failures: number
  blockedUntil: Date | null
}

/** What an attempt finds: whether it may be made, and the counter that it leaves if it fails. */
export type AttemptDecision =
  | { allowed: true; ifRefused: AttemptState }
  | { allowed: false; retryAt: Date }

/**
 * Every attempt is written down as a failure before it is looked at, and taken back when it
 * was right: guesses that come at once cannot all pass under the limit.
 */
export function decideAttempt(
  { failures, blockedUntil }: AttemptState,
  now: Date,
): AttemptDecision {
  if (blockedUntil && blockedUntil.getTime() > now.getTime()) {
    return { allowed: false, retryAt: blockedUntil }
  }
  const after = failures + 1
  const waitMs = waitAfterMs(after)
  const until = waitMs === 0 ? null : new Date(now.getTime() + waitMs)
  return { allowed: true, ifRefused: { failures: after, blockedUntil: until } }
}

/** Attempts that are left before the first wait. */
export function attemptsLeft({ failures }: AttemptState): number {
  return Math.max(FREE_FAILURES + 1 - failures, 0)
}
