import { EcomdbError } from '#core/errors'
import type { Principal } from '#domain/access/observed'
import type { Control } from '#domain/audit/event'
import { loginChanges, loginsControl } from '#domain/audit/login-watch'
import { RIGHTS_NOT_READ, rightsChanges, rightsControl } from '#domain/audit/rights-watch'
import type { Engine } from '#engine/engine'
import type { Session } from '#engine/session'

/**
 * Writes down what changed in the server since the last look beside the rows: rights of accounts,
 * and refused logins as far as the server tells. To be called before the snapshot that is sealed.
 *
 * @returns the controls that are signed with the batch
 */
export async function watchServer(engine: Engine, session: Session): Promise<Control[]> {
  const { auditTrail } = engine
  const seen = await auditTrail.seen(session)
  const count = await auditTrail.refusedLogins(session)
  const principals = await principalsOf(engine, session)
  const logins = loginChanges(count, seen)
  const rights = rightsChanges(principals ?? [], principals ? seen : new Map())
  await auditTrail.recordSeen(session, {
    events: [...rights.events, ...logins.events],
    seen: new Map([...rights.seen, ...logins.seen]),
  })
  return [principals ? rightsControl(principals) : RIGHTS_NOT_READ, loginsControl(count)]
}

/** null: the sealer's account may not read the rights of others. */
async function principalsOf(
  { accessCatalog }: Engine,
  session: Session,
): Promise<readonly Principal[] | null> {
  try {
    return (await accessCatalog.observe(session)).principals
  } catch (error) {
    if (error instanceof EcomdbError && error.code === 'PRIVILEGE_MISSING') return null
    throw error
  }
}
