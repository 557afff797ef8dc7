import type { Lease } from '#domain/access/lease'
import type { AccountName } from '#domain/schema/service-accounts'
import type { Leases } from '../../leases.ts'
import { quoteAccount, quoteIdentifier, quoteQualified } from '../../quote.ts'
import { orNone } from '../../server-error.ts'
import type { Session, SqlRow } from '../../session.ts'
import { recordOperation } from '../access/record-operation.ts'
import { inTransaction } from '../in-transaction.ts'
import { isoUtc, sqlUtc } from '../leavers/iso-utc.ts'
import { ownStores } from '../own-store/own-store.ts'
import { deadMan, installDeadMan } from './dead-man.ts'

export const leases: Leases = {
  async list(session, person) {
    return await readLeases(session, await ownStores.ensureStore(session, 'access'), person)
  },
  async all(session) {
    return await orNone(readLeases(session, ownStores.storeName(session, 'access'), null))
  },
  async add(session, request, grantedBy, command) {
    const { person, role, reason, ticket, approver, breakGlass, endsAt } = request
    const table = await tableOf(session, 'role_grant')
    return await inTransaction(session, async () => {
      await session.run(
        `INSERT INTO ${table}
           (person, role, reason, ticket, approver, break_glass, granted_by, starts_at, ends_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(6), ?)`,
        [
          ...[person, role, reason, ticket, approver, breakGlass ? 1 : 0, grantedBy],
          endsAt && sqlUtc(endsAt),
        ],
      )
      const id = Number(await session.value('SELECT LAST_INSERT_ID()'))
      const added = (await leases.list(session, person)).find(({ grantId }) => grantId === id)
      if (!added) throw new Error('the lease is not there')
      await recordOperation(session, { command, subject: person, detail: { ...added } })
      return added
    })
  },
  async end(session, grantId, endedBy, reason) {
    await session.run(
      `UPDATE ${await tableOf(session, 'role_grant')}
          SET ended_at = UTC_TIMESTAMP(6), ended_by = ?, end_reason = ?
        WHERE grant_id = ? AND ended_at IS NULL`,
      [endedBy, reason, grantId],
    )
  },
  async roleExists(session, role) {
    const sql =
      session.flavor.family === 'mysql'
        ? "SELECT 1 FROM mysql.user WHERE user = ? AND host = '%'"
        : "SELECT 1 FROM mysql.global_priv WHERE User = ? AND JSON_VALUE(Priv, '$.is_role') = 1"
    return (await session.value(sql, [role])) !== null
  },
  heldRoles,
  async giveStatements(session, account, role) {
    const held = await heldRoles(session, account)
    const name = quoteAccount(account.user, account.host)
    if (session.flavor.family === 'mysql') {
      const roles = [...new Set([...held, role])].map(one => quoteAccount(one, '%'))
      return [
        ...(held.includes(role) ? [] : [`GRANT ${quoteAccount(role, '%')} TO ${name}`]),
        `ALTER USER ${name} DEFAULT ROLE ${roles.join(', ')}`,
      ]
    }
    return giveOnMariadb(account, role, held, await rolesOfRole(session, umbrella(account)))
  },
  async takeStatements(session, account, role) {
    const held = await heldRoles(session, account)
    const name = quoteAccount(account.user, account.host)
    if (session.flavor.family === 'mysql') {
      return held.includes(role) ? [`REVOKE ${quoteAccount(role, '%')} FROM ${name}`] : []
    }
    const below = held.includes(umbrella(account))
      ? await rolesOfRole(session, umbrella(account))
      : []
    return [
      ...(below.includes(role)
        ? [`REVOKE ${quoteIdentifier(role)} FROM ${quoteIdentifier(umbrella(account))}`]
        : []),
      ...(held.includes(role)
        ? [`SET DEFAULT ROLE NONE FOR ${name}`, `REVOKE ${quoteIdentifier(role)} FROM ${name}`]
        : []),
    ]
  },
  async run(session, statements) {
    for (const statement of statements) await session.run(statement)
  },
  deadMan,
  installDeadMan,
  async deadManLocks(session) {
    const rows = await session.rows<SqlRow & { user: string; host: string; id: number }>(
      `SELECT d.account_user AS user, d.account_host AS host, d.grant_id AS id
         FROM ${await tableOf(session, 'dead_man_lock')} d
         JOIN ${await tableOf(session, 'account')} a
           ON a.account_user = d.account_user AND a.account_host = d.account_host
         JOIN ${await tableOf(session, 'person')} p ON p.person = a.person
        WHERE p.state = 'active'`,
    )
    return rows.map(({ user, host, id }) => ({ account: { user, host }, grantId: Number(id) }))
  },
  async forgetDeadManLock(session, { user, host }) {
    await session.run(
      `DELETE FROM ${await tableOf(session, 'dead_man_lock')}
        WHERE account_user = ? AND account_host = ?`,
      [user, host],
    )
  },
}

async function tableOf(session: Session, name: string): Promise<string> {
  return quoteQualified(await ownStores.ensureStore(session, 'access'), name)
}

async function heldRoles(session: Session, { user, host }: AccountName): Promise<string[]> {
  const sql =
    session.flavor.family === 'mysql'
      ? "SELECT from_user AS role FROM mysql.role_edges WHERE to_user = ? AND to_host = ? AND from_host = '%'"
      : 'SELECT role AS role FROM mysql.roles_mapping WHERE user = ? AND host = ?'
  const rows = await session.rows<SqlRow & { role: string }>(`${sql} ORDER BY role`, [user, host])
  return rows.map(({ role }) => role)
}

async function readLeases(
  session: Session,
  store: string,
  person: string | null,
): Promise<Lease[]> {
  // Every column: a store that is only looked at may be of an older version.
  const rows = await session.rows(
    `SELECT * FROM ${quoteQualified(store, 'role_grant')}
      WHERE ? IS NULL OR person = ? ORDER BY grant_id`,
    [person, person],
  )
  return rows.map(leaseOf)
}

function leaseOf(row: SqlRow): Lease {
  const text = (name: string): string | null => (row[name] === null ? null : String(row[name]))
  const time = (name: string): string | null =>
    row[name] === null ? null : isoUtc(String(row[name]))
  return {
    grantId: Number(row['grant_id']),
    person: String(row['person']),
    role: String(row['role']),
    reason: String(row['reason']),
    ticket: text('ticket'),
    approver: text('approver'),
    breakGlass: String(row['break_glass'] ?? 0) === '1',
    grantedBy: String(row['granted_by']),
    startsAt: time('starts_at') ?? '',
    endsAt: time('ends_at'),
    endedAt: time('ended_at'),
    endedBy: text('ended_by'),
    endReason: text('end_reason'),
  }
}

/**
 * MariaDB turns on one role at login, so who has several gets one of their own that holds them,
 * as `access apply` makes it.
 */
function umbrella({ user }: AccountName): string {
  return `roles_of_${user}`
}

async function rolesOfRole(session: Session, role: string): Promise<string[]> {
  return await heldRoles(session, { user: role, host: '' })
}

function giveOnMariadb(
  account: AccountName,
  role: string,
  held: readonly string[],
  below: readonly string[],
): string[] {
  const name = quoteAccount(account.user, account.host)
  const above = umbrella(account)
  const [only] = held
  if (!held.includes(above) && (only === undefined || (only === role && held.length === 1))) {
    const grant = only === role ? [] : [`GRANT ${quoteIdentifier(role)} TO ${name}`]
    return [...grant, `SET DEFAULT ROLE ${quoteIdentifier(role)} FOR ${name}`]
  }
  const direct = held.filter(one => one !== above)
  const missing = [...new Set([...direct, role])].filter(one => !below.includes(one))
  return [
    ...(held.includes(above) ? [] : [`CREATE ROLE IF NOT EXISTS ${quoteIdentifier(above)}`]),
    ...missing.map(one => `GRANT ${quoteIdentifier(one)} TO ${quoteIdentifier(above)}`),
    ...(held.includes(above) ? [] : [`GRANT ${quoteIdentifier(above)} TO ${name}`]),
    `SET DEFAULT ROLE ${quoteIdentifier(above)} FOR ${name}`,
    ...direct.map(one => `REVOKE ${quoteIdentifier(one)} FROM ${name}`),
  ]
}
