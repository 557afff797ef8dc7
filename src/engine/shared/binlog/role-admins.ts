import { EcomdbError } from '#core/errors'
import type { Untold } from '#domain/binlog/untold'
import { quoteAccount, quoteIdentifier } from '../../quote.ts'
import type { Session, SqlRow } from '../../session.ts'
import { type Grantee, type RoleChange, roleChange } from './role-changes.ts'
import type { ServerChanges } from './server-changes.ts'

/** Whether an account may grant a role that it has, by the role's name. */
type Held = Map<string, 'Y' | 'N'>

/** What an account has of roles when all of a log is done. */
interface Expected {
  held: Held
  /** Roles that the log makes. */
  made: ReadonlySet<string>
  /** Those of which the log does not tell who may grant them. */
  unknown: string[]
}

/**
 * MariaDB lets a role be granted by those only who may grant it, whatever else they may. So whoever replays may
 * grant all of them for as long as it takes, and has behind it what the log makes of it.
 *
 * @param untold of the log, see ReplayOptions
 * @param binlog is what the log makes written to the server's own log?
 * @param changes of the server, to which these are added
 */
export async function grantAllRoles(
  session: Session,
  untold: readonly Untold[],
  binlog: boolean,
  changes: ServerChanges,
): Promise<void> {
  if (session.flavor.family !== 'mariadb') return
  const log = untold.flatMap(one => {
    const change = one.kind === 'invoker' || one.kind === 'role' ? roleChange(one) : null
    return change ? [change] : []
  })
  if (log.length === 0) return
  const me = await currentUser(session)
  const roles = await rolesThere(session)
  const before = await heldBy(session, me)
  const expected = expectedOf(log, me, roles, before)
  changes.note(by => settleRoles(by, me, expected, binlog))
  const others = roles.filter(role => before.get(role) !== 'Y')
  if (others.length > 0) await unlogged(session, () => giveAll(session, me, others))
}

async function currentUser(session: Session): Promise<Grantee> {
  const account = (await session.value('SELECT CURRENT_USER()')) ?? ''
  const at = account.lastIndexOf('@')
  return { user: account.slice(0, at), host: account.slice(at + 1) }
}

async function rolesThere(session: Session): Promise<string[]> {
  const rows = await session.rows<SqlRow & { role: string }>(
    "SELECT User AS role FROM mysql.user WHERE is_role = 'Y' AND User <> 'PUBLIC'",
  )
  return rows.map(({ role }) => role)
}

async function heldBy(session: Session, { user, host }: Grantee): Promise<Held> {
  const rows = await session.rows<SqlRow & { role: string; admin: 'Y' | 'N' }>(
    'SELECT Role AS role, Admin_option AS admin FROM mysql.roles_mapping WHERE User = ? AND Host = ?',
    [user, host],
  )
  return new Map(rows.map(({ role, admin }) => [role, admin]))
}

/** Names of the log are bytes, and those of the server are not. */
const named = (bytes: string): string => Buffer.from(bytes, 'latin1').toString()

function expectedOf(
  log: readonly RoleChange[],
  me: Grantee,
  roles: readonly string[],
  before: Held,
): Expected {
  const there = new Set(roles)
  const held: Held = new Map(before)
  const made = new Set<string>()
  const unknown = new Set<string>()
  const isMe = ({ user, host }: Grantee): boolean =>
    named(user) === me.user && (host || '%') === me.host
  for (const change of log) {
    if (change.kind === 'create') {
      const { admin, ifMissing } = change
      for (const role of change.roles.map(named).filter(name => !ifMissing || !there.has(name))) {
        there.add(role)
        made.add(role)
        held.delete(role)
        unknown.delete(role)
        if (admin === null) unknown.add(role)
        if (admin === null || isMe(admin)) held.set(role, 'Y')
      }
    } else if (change.kind === 'drop') {
      for (const role of change.roles.map(named)) {
        there.delete(role)
        held.delete(role)
        unknown.delete(role)
      }
    } else if (change.kind === 'grant') {
      const role = named(change.role)
      if (change.to.some(isMe)) held.set(role, change.admin ? 'Y' : (held.get(role) ?? 'N'))
    } else if (change.from.some(isMe)) {
      const role = named(change.role)
      if (!change.adminOnly) held.delete(role)
      else if (held.has(role)) held.set(role, 'N')
    }
  }
  return { held, made, unknown: [...unknown] }
}

/** An account that may not write there is refused by the log's own GRANT, where there is one. */
async function giveAll(session: Session, me: Grantee, roles: readonly string[]): Promise<void> {
  try {
    for (const role of roles) {
      await session.run(
        `INSERT INTO mysql.roles_mapping (Host, User, Role, Admin_option) VALUES (?, ?, ?, 'Y')
           ON DUPLICATE KEY UPDATE Admin_option = 'Y'`,
        [me.host, me.user, role],
      )
    }
    await session.run('FLUSH LOCAL PRIVILEGES')
  } catch (error) {
    if (error instanceof EcomdbError && error.code === 'SERVER_LOST') throw error
  }
}

async function settleRoles(
  session: Session,
  me: Grantee,
  { held, made, unknown }: Expected,
  binlog: boolean,
): Promise<string | undefined> {
  const now = await heldBy(session, me)
  const others = [...now].filter(([role, admin]) => held.get(role) !== admin)
  const account = quoteAccount(me.user, me.host)
  const settle = async (): Promise<void> => {
    for (const [role] of others.filter(([name]) => made.has(name))) {
      const option = held.has(role) ? 'ADMIN OPTION FOR ' : ''
      await session.run(`REVOKE ${option}${quoteIdentifier(role)} FROM ${account}`)
    }
  }
  await (binlog ? settle() : unlogged(session, settle))
  const given = others.filter(([role]) => !made.has(role))
  if (given.length > 0) {
    await unlogged(session, async () => {
      for (const [role] of given) await putRoleBack(session, me, role, held.get(role))
      await session.run('FLUSH LOCAL PRIVILEGES')
    })
  }
  return unknown.length === 0
    ? undefined
    : `the log does not tell who may grant ${unknown.join(', ')}: ${account} may, who has replayed it`
}

async function putRoleBack(
  session: Session,
  { user, host }: Grantee,
  role: string,
  admin: 'Y' | 'N' | undefined,
): Promise<void> {
  const itsRow = 'WHERE User = ? AND Host = ? AND Role = ?'
  await session.run(
    admin
      ? `UPDATE mysql.roles_mapping SET Admin_option = '${admin}' ${itsRow}`
      : `DELETE FROM mysql.roles_mapping ${itsRow}`,
    [user, host, role],
  )
}

async function unlogged(session: Session, run: () => Promise<void>): Promise<void> {
  const was = await session.value('SELECT @@SESSION.sql_log_bin')
  await session.run('SET SESSION sql_log_bin = 0')
  try {
    await run()
  } finally {
    await session.run(`SET SESSION sql_log_bin = ${was}`)
  }
}
