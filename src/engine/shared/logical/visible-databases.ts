import { EcomdbError } from '#core/errors'
import { BACKUP_PRIVILEGES } from '#domain/backup/backup-privileges'
import { quoteIdentifier } from '../../quote.ts'
import type { Session } from '../../session.ts'
import { partialRevokes, privilegesIn } from '../inspect/privileges.ts'
import { unlessRefused } from './unless-refused.ts'

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
  const { family } = session.flavor
  const grants = await heldGrants(session)
  const needed = BACKUP_PRIVILEGES[family]
    .filter(({ required }) => required)
    .map(({ privilege }) => privilege)
  const revokes = partialRevokes(grants).filter(({ database }) => !SYSTEM.has(database))
  const lackedOn = (database: string | null): string[] => {
    const { server, database: own } = privilegesIn(grants, database ?? '')
    const revoked = revokes.find(one => one.database === database)?.privileges
    const holds = (name: string): boolean =>
      (database !== null && (own.has('ALL PRIVILEGES') || own.has(name))) ||
      ((server.has('ALL PRIVILEGES') || server.has(name)) && !revoked?.has(name))
    const lacked = needed.filter(name => !holds(name))
    const seesAll = server.has('SELECT') && !revoked?.has('SELECT')
    const routines = family === 'mysql' && !seesAll && !ROUTINES.some(holds)
    return routines ? [...lacked, `SHOW_ROUTINE or ${ROUTINES.slice(1).join(' or ')}`] : lacked
  }
  // What is revoked in one database is not seen there, whatever is held on everything.
  const asked = databases ?? [null, ...revokes.map(({ database }) => database)]
  const places = asked.flatMap(database => {
    const lacked = lackedOn(database)
    return lacked.length === 0 ? [] : [{ on: database ?? '*.*', lacked }]
  })
  const isAsked = places.some(({ on, lacked }) => on === '*.*' && lacked.includes('SELECT'))
  if (!isAsked && !readsAccounts(grants)) places.push({ on: 'mysql', lacked: ['SELECT'] })
  if (places.length === 0) {
    if (family === 'mariadb') await requireRoutines(session)
    return
  }
  throw unseen(
    places.map(({ on, lacked }) => `it lacks ${lacked.join(', ')} on ${on}`).join('; '),
    databases === null,
    grantable(places),
  )
}

const SYSTEM: ReadonlySet<string> = new Set([
  'mysql',
  'sys',
  'performance_schema',
  'information_schema',
])

/** SHOW CREATE USER wants SELECT on the whole database, on both engines. */
function readsAccounts(grants: readonly string[]): boolean {
  const { server, database } = privilegesIn(grants, 'mysql')
  const revoked = partialRevokes(grants).find(one => one.database === 'mysql')?.privileges
  const holds = (held: ReadonlySet<string>): boolean =>
    held.has('ALL PRIVILEGES') || held.has('SELECT')
  return holds(database) || (holds(server) && !revoked?.has('SELECT'))
}

/**
 * On MySQL a routine is listed for who has one of these on it, or SELECT on everything; SELECT
 * on its database is not enough (measured: a backup without the routines, and exit 0).
 */
const ROUTINES = ['SHOW_ROUTINE', 'CREATE ROUTINE', 'ALTER ROUTINE', 'EXECUTE'] as const

/** MariaDB lists the routines of others for who may read mysql.proc. */
async function requireRoutines(session: Session): Promise<void> {
  if ((await unlessRefused(session.value('SELECT COUNT(*) FROM mysql.proc'))) !== null) return
  throw unseen('it may not read mysql.proc, where the routines are', false, [
    'as an administrator: GRANT SELECT ON mysql.proc TO the account',
  ])
}

/** SELECT on everything shows routines, too; SHOW_ROUTINE is the least that does otherwise. */
function grantable(places: readonly { on: string; lacked: readonly string[] }[]): string[] {
  return places.flatMap(({ on, lacked }) => {
    const named = lacked.filter(name => !name.startsWith('SHOW_ROUTINE'))
    const isShown = named.length === lacked.length || (on === '*.*' && named.includes('SELECT'))
    const level = on === '*.*' ? on : `${quoteIdentifier(on)}.*`
    return [
      ...(named.length > 0 ? [`${named.join(', ')} ON ${level}`] : []),
      ...(isShown ? [] : ['SHOW_ROUTINE ON *.*']),
    ].map(grant => `as an administrator: GRANT ${grant} TO the account`)
  })
}

function unseen(why: string, all: boolean, grants: readonly string[]): EcomdbError {
  return new EcomdbError('PRIVILEGE_MISSING', {
    what: 'the backup would leave out what its account cannot see',
    why,
    hints: [
      ...grants,
      ...(all ? ['or name the databases that it may see, with --databases'] : []),
      'run `ecomdb doctor` to see all privileges that a backup uses; docs/backup.md has them in one statement',
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
