import { setReadOnly } from '../read-only-database.ts'
import type { Session, SqlRow } from '../session.ts'

type NamedRow = SqlRow & { name: string }

/**
 * Nothing can be written to a database that is READ ONLY, and no event of it altered (MySQL, error
 * 3989); its binary log does not have when it was so, and has what was done in between.
 *
 * @returns sets it again, by any session, where the database is still there
 */
export async function liftReadOnly(session: Session): Promise<(session: Session) => Promise<void>> {
  if (!(await knowsReadOnly(session))) return async () => {}
  const readOnly = await session.rows<NamedRow>(
    `SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA_EXTENSIONS
      WHERE OPTIONS LIKE '%READ ONLY=1%' ORDER BY SCHEMA_NAME`,
  )
  const setAgain = async (by: Session): Promise<void> => {
    const there = await by.rows<NamedRow>(
      'SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA',
    )
    for (const { name } of readOnly) {
      if (there.some(one => one.name === name)) await by.run(setReadOnly({ name }, 1))
    }
  }
  try {
    for (const { name } of readOnly) await session.run(setReadOnly({ name }, 0))
  } catch (error) {
    await setAgain(session).catch(() => {})
    throw error
  }
  return setAgain
}

/** MySQL 8.0.22 and later; MariaDB has no such databases. */
async function knowsReadOnly(session: Session): Promise<boolean> {
  const found = await session.value(
    `SELECT COUNT(*) FROM information_schema.TABLES
      WHERE TABLE_SCHEMA = 'information_schema' AND TABLE_NAME = 'SCHEMATA_EXTENSIONS'`,
  )
  return found !== '0'
}
