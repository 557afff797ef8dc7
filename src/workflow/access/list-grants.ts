import type { Clock } from '#core/clock'
import { type OpenGrants, openGrants } from '#domain/access/open-grants'
import type { LeasePlace } from './change-roles.ts'

/** `ecomdb access grants`: who holds which role until when. Changes nothing and makes nothing. */
export async function listGrants(
  { engine, connect }: LeasePlace,
  clock: Clock,
): Promise<OpenGrants> {
  const session = await engine.connect({ ...connect, database: undefined })
  try {
    const leases = await engine.leases.all(session)
    return openGrants(leases, await engine.leases.deadMan(session), clock.now())
  } finally {
    await session.close()
  }
}
