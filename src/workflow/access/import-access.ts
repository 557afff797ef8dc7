import { importPolicy } from '#domain/access/import-policy'
import type { AccessPolicy } from '#domain/access/policy'
import type { Engine } from '#engine/engine'
import type { ConnectOptions } from '#engine/session'
import { serviceNames } from './plan-access.ts'

/**
 * `ecomdb access import`: the policy that describes the server as it is. Changes nothing.
 *
 * @throws EcomdbError SERVER_UNREACHABLE, AUTHENTICATION_REFUSED, PRIVILEGE_MISSING
 */
export async function importAccess(engine: Engine, connect: ConnectOptions): Promise<AccessPolicy> {
  const session = await engine.connect({ ...connect, database: undefined })
  try {
    const observed = await engine.accessCatalog.observe(session)
    return importPolicy(observed, serviceNames(engine, connect))
  } finally {
    await session.close()
  }
}
