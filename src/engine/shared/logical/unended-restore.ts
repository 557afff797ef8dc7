import {
  JOURNAL_SEEN,
  RESTORE_JOURNAL,
  RESTORE_LOCK,
  unendedRestore,
} from '../../restore-journal-database.ts'
import type { Session } from '../../session.ts'

/**
 * Does a restore into this server run, or was one cut short? Its rows are committed piece by piece, and a snapshot between
 * two of them is as good as any other by all that is proved of it.
 *
 * Anybody may ask for the lock; the database is seen by who may see all of them. On a replica of the server it is the source's.
 *
 * @returns a finding, or none
 */
export async function restoreAtPoint(session: Session): Promise<string[]> {
  const holder = await session.value(`SELECT IS_USED_LOCK('${RESTORE_LOCK}')`)
  if (holder !== null)
    return [unendedRestore(`connection ${holder} holds the lock ${RESTORE_LOCK}`)]
  const journal = await session.value(
    'SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?',
    [RESTORE_JOURNAL],
  )
  return journal === null ? [] : [unendedRestore(JOURNAL_SEEN)]
}
