import type { Session } from '../session.ts'

/** Which of these time zones the server knows by name: without tables of zones CONVERT_TZ() answers NULL. */
export async function knownZones(session: Session, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return []
  const asked = names.map(
    (_, place) => `CONVERT_TZ('2000-01-01', '+00:00', ?) IS NULL AS z${place}`,
  )
  const [row] = await session.rows(`SELECT ${asked.join(', ')}`, names)
  return names.filter((_, place) => String(row?.[`z${place}`]) === '0')
}
