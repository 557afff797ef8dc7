import type { Session, SqlRow } from '../session.ts'
import { unlessRefused } from './logical/unless-refused.ts'

/** A statement that asks a server for more is no better an answer. */
const ASKED_AT_ONCE = 200

/** Which of these time zones the server knows by name: without tables of zones CONVERT_TZ() answers NULL. */
export async function knownZones(session: Session, names: readonly string[]): Promise<string[]> {
  const known: string[] = []
  for (let at = 0; at < names.length; at += ASKED_AT_ONCE) {
    const some = names.slice(at, at + ASKED_AT_ONCE)
    const asked = some.map(
      (_, place) => `CONVERT_TZ('2000-01-01', '+00:00', ?) IS NULL AS z${place}`,
    )
    const [row] = await session.rows(`SELECT ${asked.join(', ')}`, some)
    known.push(...some.filter((_, place) => String(row?.[`z${place}`]) === '0'))
  }
  return known
}

/**
 * All that the server has rows of, but the same anew with and without leap seconds; a server keeps in memory
 * whatever CONVERT_TZ() was asked for. None where the account may not read them.
 */
export async function listedZones(session: Session): Promise<string[]> {
  const rows = await unlessRefused(
    session.rows<SqlRow & { name: string }>(
      `SELECT Name AS name FROM mysql.time_zone_name
        WHERE Name NOT LIKE 'posix/%' AND Name NOT LIKE 'right/%' ORDER BY Name`,
    ),
  )
  return (rows ?? []).map(({ name }) => name)
}
