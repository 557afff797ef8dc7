import { EcomdbError } from '#core/errors'
import type { Engine } from '#engine/engine'
import type { Session } from '#engine/session'

export interface EndedPersonSessions {
  /** Session accounts that are gone. */
  ended: readonly string[]
  /** Whose connections are there after they were killed. */
  connected: readonly string[]
}

/**
 * Ends every session account of a person: locked, killed, dropped. One that does not end keeps none
 * of the others.
 *
 * @param reason at most 40 characters, for the record
 * @throws EcomdbError PRIVILEGE_MISSING for an account that may not call the broker's procedure
 */
export async function endPersonSessions(
  { credentials }: Engine,
  session: Session,
  person: string,
  reason: string,
): Promise<EndedPersonSessions> {
  const ended: string[] = []
  const connected: string[] = []
  for (const { user } of await credentials.openSessions(session, person)) {
    const outcome = await credentials.endSession(session, user, reason)
    if (outcome === 'still connected') connected.push(user)
    else ended.push(user)
  }
  return { ended, connected }
}

/** @throws EcomdbError SERVER_REFUSED when a session of the person is still connected */
export function requireEnded({ connected }: EndedPersonSessions): void {
  if (connected.length === 0) return
  throw new EcomdbError('SERVER_REFUSED', {
    what: `a session does not end: ${connected.join(', ')}`,
    why: 'its connections are there after they were killed',
    hints: ['run the command again: what it did already stays done'],
  })
}
