import { EcomdbError } from '#core/errors'
import type { Control } from '#domain/audit/event'
import {
  loginChanges,
  RIGHTS_CONTROL,
  rightsChanges,
  rightsControl,
  type ServerChanges,
} from '#domain/audit/server-watch'
import type { Engine } from '#engine/engine'
import type { Session } from '#engine/session'

/**
 * Writes down what changed in the server since the last look beside the rows: rights of accounts,
 * and refused logins as far as the server tells. To be called before the snapshot that is sealed.
 *
 * @returns the control that is signed with the batch
 */
export async function watchServer(
  { auditTrail, accessCatalog }: Engine,
  session: Session,
): Promise<Control> {
  const seen = await auditTrail.seen(session)
  const logins = loginChanges(await auditTrail.refusedLogins(session), seen)
  try {
    const { principals } = await accessCatalog.observe(session)
    const rights = rightsChanges(principals, seen)
    await auditTrail.recordSeen(session, together(rights, logins))
    return rightsControl(principals)
  } catch (error) {
    if (!(error instanceof EcomdbError && error.code === 'PRIVILEGE_MISSING')) throw error
    await auditTrail.recordSeen(session, logins)
    return { name: RIGHTS_CONTROL, value: 'the sealer may not read them' }
  }
}

function together(...all: readonly ServerChanges[]): ServerChanges {
  return {
    events: all.flatMap(({ events }) => events),
    seen: new Map(all.flatMap(({ seen }) => [...seen])),
  }
}
