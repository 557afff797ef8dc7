import { EcomdbError } from '#core/errors'
import { BACKUP_PRIVILEGES } from '#domain/backup/backup-privileges'
import type { Session } from '../../session.ts'
import { privilegesIn } from '../inspect/privileges.ts'

/**
 * A server does not say what it hides: a database, view, trigger or event that the account
 * may not see is just not listed, and a backup without it looks complete. So the account
 * must hold what shows everything: on everything, or on each of the databases by name.
 *
 * @param databases null: all of the server
 * @throws EcomdbError PRIVILEGE_MISSING
 */
export async function requireVisible(
  session: Session,
  databases: readonly string[] | null,
): Promise<void> {
  const grants = await heldGrants(session)
  const needed = BACKUP_PRIVILEGES[session.flavor.family].filter(({ required }) => required)
  const lackedOn = (database: string | null): string[] => {
    const held = privilegesIn(grants, database ?? '')
    const levels = database === null ? [held.server] : [held.server, held.database]
    return needed
      .map(({ privilege }) => privilege)
      .filter(name => !levels.some(level => level.has('ALL PRIVILEGES') || level.has(name)))
  }
  const places = (databases ?? [null]).flatMap(database => {
    const lacked = lackedOn(database)
    return lacked.length === 0 ? [] : [{ on: database ?? '*.*', lacked }]
  })
  const [first] = places
  if (!first) return
  throw new EcomdbError('PRIVILEGE_MISSING', {
    what: 'the backup would leave out what its account cannot see',
    why: places.map(({ on, lacked }) => `it lacks ${lacked.join(', ')} on ${on}`).join('; '),
    hints: [
      'run `ecomdb provision apply`: it makes an account that may make backups',
      ...(databases === null ? ['or name the databases that it may see, with --databases'] : []),
      'run `ecomdb doctor` to see all privileges that a backup uses',
    ],
  })
}

/** The account's own, and those of its roles that are active. */
async function heldGrants(session: Session): Promise<string[]> {
  const roles = await session.value('SELECT CURRENT_ROLE()')
  // MariaDB prints those of the role as well.
  const using =
    session.flavor.family === 'mysql' && roles && roles !== 'NONE'
      ? ` FOR CURRENT_USER() USING ${roles}`
      : ''
  const rows = await session.rows(`SHOW GRANTS${using}`)
  return rows.map(row => String(Object.values(row)[0]))
}
