import { RESTORED_MARK } from '../../restored-mark.ts'
import type { Session } from '../../session.ts'
import { isReplica } from './log-lacks.ts'

/** See BinaryLog.noteRestore. */
export async function noteRestore(session: Session): Promise<boolean> {
  if (await isReplica(session)) return false
  // A restore may have turned it off for its own statements.
  const isOff = (await session.value('SELECT @@SESSION.sql_log_bin')) === '0'
  if (isOff) await session.run('SET SESSION sql_log_bin = 1')
  await session.run(`DROP TABLE IF EXISTS ${RESTORED_MARK.schema}.${RESTORED_MARK.table}`)
  if (isOff) await session.run('SET SESSION sql_log_bin = 0')
  return true
}
