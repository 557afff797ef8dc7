import { RESTORED_MARK } from '../../restored-mark.ts'
import type { Session } from '../../session.ts'
import { isReplica } from './log-lacks.ts'

/** See BinaryLog.noteRestore. */
export async function noteRestore(session: Session): Promise<boolean> {
  if (await isReplica(session)) return false
  await session.run(`DROP TABLE IF EXISTS ${RESTORED_MARK.schema}.${RESTORED_MARK.table}`)
  return true
}
