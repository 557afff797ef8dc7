import type { ProgramContext, RestoreStage, RestoreStatement } from '#domain/backup/restore-plan'
import { maskHashes } from '#domain/backup/restored-accounts'

/** A statement that runs under the restore's own settings. */
export function plain(
  stage: RestoreStage,
  object: string,
  schema: string | null,
  sql: string,
): RestoreStatement {
  const shown = stage === 'accounts' || sql.startsWith('GRANT ') ? maskHashes(sql) : sql
  return { stage, object, schema, table: null, sql, shown, context: null }
}

/** The mode in which MariaDB knows DROP PACKAGE, and grants on one. */
export const ORACLE: ProgramContext = {
  sqlMode: 'ORACLE',
  characterSetClient: 'utf8mb4',
  collationConnection: 'utf8mb4_general_ci',
  timeZone: '',
}
