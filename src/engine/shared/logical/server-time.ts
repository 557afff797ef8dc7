import type { Session } from '../../session.ts'

/** ISO 8601, to the millisecond. */
export async function serverTime(session: Session): Promise<string> {
  const text = await session.value("SELECT DATE_FORMAT(UTC_TIMESTAMP(3), '%Y-%m-%dT%H:%i:%s.%f')")
  return `${text?.slice(0, -3)}Z`
}
