import type { LogicalWriter } from '#engine/logical-writer'
import type { Session } from '#engine/session'
import type { RestoreJournal } from './restore-journal.ts'
import { refuseRemade, refuseUnmarked } from './restore-refusals.ts'

/**
 * What is on the server is the interrupted restore's own: its marks, or those of a try of it before, are written before its
 * first object, and go at its end or when others have made all of its databases.
 *
 * @throws EcomdbError TARGET_NOT_EMPTY
 */
export async function requireOwnMarks(
  writer: LogicalWriter,
  session: Session,
  journal: RestoreJournal,
): Promise<void> {
  const { restoreId, startedOver = [], databases } = journal
  // An older ecomdb kept none.
  if (restoreId === undefined) return
  refuseRemade(journal, await writer.remadeSince(session, restoreId))
  // The newest try that has marks tells; one that was killed as it began has none, nor claims.
  const tries = [restoreId, ...startedOver.map(one => one.restoreId).reverse()]
  for (const id of tries) {
    if (!(await writer.isMarked(session, id))) continue
    refuseRemade(journal, await writer.remadeSince(session, id, { databases, tries }))
    return
  }
  // A replayed log that has a restore in it drops the marks, too: an alarm then, where nothing tells it from a live server.
  refuseUnmarked(await writer.databasesThere(session, databases), journal, false)
}
