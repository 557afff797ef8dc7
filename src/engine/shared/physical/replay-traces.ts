import { EcomdbError } from '#core/errors'
import type { AccountName } from '#domain/schema/service-accounts'
import type { BeforeReplay } from '../../physical-backup.ts'
import { quoteAccount, quoteIdentifier, quoteString } from '../../quote.ts'
import type { Session, SqlRow } from '../../session.ts'
import { alterEvents } from '../definer-objects/alter-event.ts'
import { definerOf, listDefinerObjects } from '../definer-objects/list-objects.ts'
import { liftReadOnly } from '../lift-read-only.ts'

interface EventRow extends SqlRow {
  place: string
  name: string
  definer: string
  state: string
}

const EVENTS = `SELECT EVENT_SCHEMA AS place, EVENT_NAME AS name, DEFINER AS definer,
    STATUS AS state
  FROM information_schema.EVENTS`

const keyOf = ({ place, name }: EventRow): string => JSON.stringify([place, name])

/** See PhysicalBackups.remember. */
export async function beforeReplay(session: Session): Promise<BeforeReplay> {
  const rows = await session.rows<EventRow>(EVENTS)
  return {
    events: new Map(rows.map(row => [keyOf(row), row.definer])),
    roles: await rolesOf(session),
  }
}

/**
 * The log's ALTER EVENT does not tell who gave it, so whoever replays it becomes the definer:
 * the earlier one is put back. MariaDB makes whoever replays CREATE ROLE its administrator.
 *
 * @returns what could not be made as it was, in words
 * @throws EcomdbError CONTENT_MISMATCH when anything would be left that names this account
 */
export async function removeTraces(
  session: Session,
  account: AccountName,
  before: BeforeReplay,
): Promise<string[]> {
  await putDefinersBack(session, account, before)
  const left = await listDefinerObjects(session, [account])
  if (left.length > 0) {
    const names = left.map(({ kind, schema, name }) => `${kind} ${schema}.${name}`)
    throw new EcomdbError('CONTENT_MISMATCH', {
      what: `the log does not tell the definer of ${names.join(', ')}`,
      why: 'whoever replays a statement without a definer becomes it, and that account of ours is removed',
      hints: [
        'restore to a moment before that statement, or a logical snapshot without --data-dir',
      ],
    })
  }
  return await giveRolesAway(session, account, before)
}

async function putDefinersBack(
  session: Session,
  { user, host }: AccountName,
  before: BeforeReplay,
): Promise<void> {
  const ours = `${user}@${host}`
  const rows = await session.rows<EventRow>(EVENTS)
  const changes = rows.flatMap(row => {
    const earlier = before.events.get(keyOf(row))
    if (row.definer !== ours || earlier === undefined) return []
    const status = statusClause(session, row.state)
    return [{ schema: row.place, name: row.name, definer: definerOf(earlier), status }]
  })
  if (changes.length === 0) return
  const setReadOnlyAgain = await liftReadOnly(session)
  await alterEvents(session, changes)
  await setReadOnlyAgain(session)
}

/** SLAVESIDE_DISABLED or REPLICA_SIDE_DISABLED besides the two. */
function statusClause(session: Session, state: string): string {
  if (state === 'ENABLED') return 'ENABLE'
  if (state === 'DISABLED') return 'DISABLE'
  return `DISABLE ON ${session.flavor.family === 'mysql' ? 'REPLICA' : 'SLAVE'}`
}

/** MariaDB's only: on MySQL who may grant any role may grant all of them. */
async function rolesOf(session: Session): Promise<string[]> {
  if (session.flavor.family !== 'mariadb') return []
  const rows = await session.rows<SqlRow & { role: string }>(
    "SELECT User AS role FROM mysql.user WHERE is_role = 'Y' ORDER BY User",
  )
  return rows.map(({ role }) => role)
}

async function giveRolesAway(
  session: Session,
  { user, host }: AccountName,
  before: BeforeReplay,
): Promise<string[]> {
  const made = (await rolesOf(session)).filter(role => !before.roles.includes(role))
  if (made.length === 0) return []
  const ours = `User = ${quoteString(user)} AND Host = ${quoteString(host)}`
  const administered = await session.rows<SqlRow & { role: string }>(
    `SELECT DISTINCT Role AS role FROM mysql.roles_mapping
      WHERE Admin_option = 'Y' AND NOT (${ours})`,
  )
  const orphans = made.filter(name => !administered.some(({ role }) => role === name))
  if (orphans.length === 0) return []
  const root = await session.value(
    "SELECT COUNT(*) FROM mysql.user WHERE User = 'root' AND Host = 'localhost'",
  )
  if (root === '0') {
    return [
      `the log does not tell who may grant ${orphans.join(', ')}: nobody may, and there is no root@localhost`,
    ]
  }
  for (const role of orphans) {
    await session.run(
      `GRANT ${quoteIdentifier(role)} TO ${quoteAccount('root', 'localhost')} WITH ADMIN OPTION`,
    )
  }
  return [`the log does not tell who may grant ${orphans.join(', ')}: root@localhost may`]
}
