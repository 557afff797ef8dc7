import { SYSTEM_OFFSETS } from '#domain/binlog/system-zone'
import type { Session } from '../session.ts'

/**
 * Global variables by name; those that the server does not have are left out. With system_time_zone comes
 * what that name means here.
 */
export async function readSettings(
  session: Session,
  names: readonly string[],
): Promise<Record<string, string>> {
  const rows = await session.rows('SHOW GLOBAL VARIABLES')
  const values = new Map(rows.map(row => [String(row['Variable_name']), String(row['Value'])]))
  if (names.includes('system_time_zone')) values.set(SYSTEM_OFFSETS, await systemOffsets(session))
  return Object.fromEntries(
    [...names, SYSTEM_OFFSETS].flatMap(name => {
      const value = values.get(name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

/** See SYSTEM_OFFSETS. Both engines know SYSTEM without their tables of zones. */
export async function systemOffsets(session: Session): Promise<string> {
  const [winter, summer] = ['2026-01-01 12:00:00', '2026-07-01 12:00:00'].map(
    moment => `TIMESTAMPDIFF(SECOND, '${moment}', CONVERT_TZ('${moment}', '+00:00', 'SYSTEM'))`,
  )
  return (await session.value(`SELECT CONCAT(${winter}, ',', ${summer})`)) ?? ''
}
