import { connectToAccounts } from '#engine/account-session'
import type { OpenSessionAccount } from '#engine/credentials'
import type { Issuer } from '../credential/log-in.ts'

/**
 * Ends the session accounts that `which` names, also those that are half made.
 *
 * @returns how many were ended
 */
export async function sweepSessions(
  { engine, connect }: Pick<Issuer, 'engine' | 'connect'>,
  reason: string,
  which: (open: OpenSessionAccount) => boolean,
): Promise<number> {
  const session = await connectToAccounts(engine, connect)
  try {
    let ended = 0
    for (const open of await engine.credentials.openSessions(session, null)) {
      if (!which(open)) continue
      const outcome = await engine.credentials.endSession(session, open.user, reason)
      if (outcome === 'ended') ended += 1
    }
    return ended
  } finally {
    await session.close()
  }
}
