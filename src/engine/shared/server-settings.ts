import { SYSTEM_OFFSETS } from '#domain/binlog/system-zone'
import { SYSDATE_IS_NOW } from '#domain/binlog/unlogged'
import type { Session } from '../session.ts'

/**
 * Global variables by name; those that the server does not have are left out. With system_time_zone comes
 * what that name means here; SYSDATE_IS_NOW is asked of what the server does.
 */
export async function readSettings(
  session: Session,
  names: readonly string[],
): Promise<Record<string, string>> {
  const rows = await session.rows('SHOW GLOBAL VARIABLES')
  const values = new Map(rows.map(row => [String(row['Variable_name']), String(row['Value'])]))
  if (names.includes('system_time_zone')) values.set(SYSTEM_OFFSETS, await systemOffsets(session))
  if (names.includes(SYSDATE_IS_NOW)) values.set(SYSDATE_IS_NOW, await sysdateIsNow(session))
  return Object.fromEntries(
    [...names, SYSTEM_OFFSETS].flatMap(name => {
      const value = values.get(name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

/** See SYSDATE_IS_NOW. Behind a pause that the one sees and the other does not. */
async function sysdateIsNow(session: Session): Promise<string> {
  const is = 'SLEEP(0.002) = 0 AND SYSDATE(6) = NOW(6)'
  return (await session.value(`SELECT IF(${is}, 'ON', 'OFF')`)) ?? 'OFF'
}

/** See SYSTEM_OFFSETS. Both engines know SYSTEM without their tables of zones. */
export async function systemOffsets(session: Session): Promise<string> {
  return (await session.value(`SELECT ${OFFSETS_HERE}`)) ?? ''
}

const [WINTER, SUMMER] = ['2026-01-01 12:00:00', '2026-07-01 12:00:00'].map(
  moment => `TIMESTAMPDIFF(SECOND, '${moment}', CONVERT_TZ('${moment}', '+00:00', 'SYSTEM'))`,
)

/** SYSTEM_OFFSETS of the server that computes it. */
export const OFFSETS_HERE = `CONCAT(${WINTER}, ',', ${SUMMER})`
