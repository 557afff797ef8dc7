import type { EndedRestore, MarkedRestore } from '../../logical-writer.ts'
import { quoteString } from '../../quote.ts'
import { RESTORE_JOURNAL } from '../../restore-journal-database.ts'
import type { Session, SqlRow } from '../../session.ts'

/**
 * Which databases each restore makes, kept on the server as long as its journal is. A restore finds its databases missing or
 * empty: one that makes a database later has it, and an earlier one that was cut short must not touch it any more.
 */
const CLAIMS = `${RESTORE_JOURNAL}.made`

interface Claim {
  id: string
  database: string
  /** Later ones have higher numbers. */
  turn: number
  isLogged: boolean
}

export const CLAIMS_TABLE = `CREATE TABLE IF NOT EXISTS ${CLAIMS} (
     restore_id CHAR(36) CHARACTER SET ascii NOT NULL,
     name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
     turn INT NOT NULL, is_logged INT NOT NULL,
     PRIMARY KEY (restore_id, name)) ENGINE=InnoDB`

export const claimStatements = (
  { restoreId, binlog }: EndedRestore,
  databases: readonly string[],
): string[] =>
  databases.map(
    name =>
      `INSERT IGNORE INTO ${CLAIMS} SELECT ${quoteString(restoreId)}, ${quoteString(name)}, COALESCE(MAX(turn), 0) + 1, ${binlog ? 1 : 0} FROM ${CLAIMS}`,
  )

/** Of a restore that has made nothing. */
export const unclaimStatement = (restoreId: string): string =>
  `DELETE FROM ${CLAIMS} WHERE restore_id = ${quoteString(restoreId)}`

/** None where an older ecomdb kept the journal. */
export async function readClaims(session: Session): Promise<Claim[]> {
  const isThere =
    "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = 'made'"
  if ((await session.value(isThere, [RESTORE_JOURNAL])) === null) return []
  const rows = await session.rows<SqlRow>(
    `SELECT restore_id AS id, name, turn, is_logged AS logged FROM ${CLAIMS}`,
  )
  return rows.map(row => ({
    id: String(row['id']),
    database: String(row['name']),
    turn: Number(row['turn']),
    isLogged: Number(row['logged']) === 1,
  }))
}

/**
 * Databases of a restore that another has made since. One of an older ecomdb has no claims: what anybody has claimed
 * of its databases counts then.
 *
 * @param marked what it makes, and its other tries, which are no others
 */
export function remadeSince(
  claims: readonly Claim[],
  restoreId: string,
  marked?: MarkedRestore,
): string[] {
  const own = claims.filter(({ id }) => id === restoreId)
  const others = claims.filter(({ id }) => id !== restoreId && !marked?.tries.includes(id))
  const isClaimed = (name: string, after: number): boolean =>
    others.some(({ database, turn }) => database === name && turn > after)
  if (own.length === 0) return (marked?.databases ?? []).filter(name => isClaimed(name, 0))
  return own.filter(({ database, turn }) => isClaimed(database, turn)).map(one => one.database)
}

/** Nothing of it is left to be continued. */
export function isSuperseded(claims: readonly Claim[], restoreId: string): boolean {
  const own = claims.filter(({ id }) => id === restoreId)
  return own.length > 0 && remadeSince(claims, restoreId).length === own.length
}
