import type { Change } from '#domain/access/change'
import type { Place } from '#domain/access/right'
import type { AccountName } from '#domain/schema/service-accounts'
import { quoteAccount, quoteIdentifier, quoteQualified, quoteString } from '../../quote.ts'
import type { AccessDialect } from './dialect.ts'

/** 'alice'@'localhost'; a role of MariaDB has no host. */
export function quotePrincipal({ user, host }: AccountName): string {
  return host === '' ? quoteString(user) : quoteAccount(user, host)
}

/** The statements of a change, as they are printed and as they are sent. */
export function compileChange(change: Change, dialect: AccessDialect, store: string): string[] {
  if ('person' in change) {
    return [
      'account' in change || change.do === 'record person'
        ? compileRecord(change, store)
        : compileLease(change, store),
    ]
  }
  const name = quotePrincipal(change.account)
  switch (change.do) {
    case 'create role':
      return [`CREATE ROLE ${name}`]
    case 'create account':
      return [`CREATE USER ${name} ${dialect.lockedWithoutPassword}`]
    case 'grant':
      return [compileGrant(name, change.place, change.privileges)]
    case 'revoke':
      return [
        `REVOKE ${list(change.place, change.privileges)} ON ${where(change.place)} FROM ${name}`,
      ]
    case 'grant role': {
      const option = change.admin ? ' WITH ADMIN OPTION' : ''
      return [`GRANT ${quotePrincipal(change.role)} TO ${name}${option}`]
    }
    case 'revoke role':
      return [`REVOKE ${quotePrincipal(change.role)} FROM ${name}`]
    case 'revoke admin option':
      return dialect.revokeAdminOption(quotePrincipal(change.role), name)
    case 'default roles':
      return [dialect.defaultRole(name, change.roles.map(quotePrincipal))]
    case 'require tls':
      return [`ALTER USER ${name} REQUIRE ${change.tls ? 'SSL' : 'NONE'}`]
    case 'limit connections':
      return [`ALTER USER ${name} WITH MAX_USER_CONNECTIONS ${change.maxConnections}`]
    case 'lock':
      return [`ALTER USER ${name} ACCOUNT LOCK`]
    case 'drop role':
      return [`DROP ROLE ${name}`]
    case 'forget account':
      return [
        `DELETE FROM ${quoteQualified(store, 'account')}
 WHERE account_user = ${quoteString(change.account.user)} AND account_host = ${quoteString(change.account.host)}`,
      ]
  }
}

/** Who grants, and why, of a lease that the policy gives. */
export const BY_POLICY = 'access.yaml'

function compileLease(
  { do: what, person, role }: Extract<Change, { do: 'begin lease' | 'end lease' }>,
  store: string,
): string {
  const table = quoteQualified(store, 'role_grant')
  const [who, which, by] = [person, role, BY_POLICY].map(quoteString)
  if (what === 'begin lease') {
    return `INSERT INTO ${table} (person, role, reason, granted_by, starts_at)
 VALUES (${who}, ${which}, ${by}, ${by}, UTC_TIMESTAMP(6))`
  }
  return `UPDATE ${table} SET ended_at = UTC_TIMESTAMP(6), ended_by = ${by}, end_reason = 'in the policy no more'
 WHERE person = ${who} AND role = ${which} AND granted_by = ${by} AND ended_at IS NULL`
}

/** Adds to ecomdb's records; what is there already stays. */
function compileRecord(
  change: Extract<Change, { do: 'record person' | 'record account' }>,
  store: string,
): string {
  if (change.do === 'record person') {
    const email = change.email === null ? 'NULL' : quoteString(change.email)
    return `INSERT INTO ${quoteQualified(store, 'person')} (person, full_name, email, created_at)
 VALUES (${quoteString(change.person)}, ${quoteString(change.fullName)}, ${email}, UTC_TIMESTAMP(6))
 ON DUPLICATE KEY UPDATE full_name = full_name`
  }
  const { account, kind, person } = change
  const whose = person === null ? 'NULL' : quoteString(person)
  return `INSERT INTO ${quoteQualified(store, 'account')} (account_user, account_host, person, kind, created_at)
 VALUES (${quoteString(account.user)}, ${quoteString(account.host)}, ${whose}, '${kind}', UTC_TIMESTAMP(6))
 ON DUPLICATE KEY UPDATE person = ${whose}, kind = '${kind}'`
}

function compileGrant(name: string, place: Place, privileges: readonly string[]): string {
  const others = privileges.filter(privilege => privilege !== 'GRANT OPTION')
  const option = others.length < privileges.length ? ' WITH GRANT OPTION' : ''
  const what = others.length > 0 ? list(place, others) : 'USAGE'
  return `GRANT ${what} ON ${where(place)} TO ${name}${option}`
}

function list(place: Place, privileges: readonly string[]): string {
  const column = place.on === 'table' && place.column !== null ? place.column : null
  const suffix = column === null ? '' : ` (${quoteIdentifier(column)})`
  return privileges.map(privilege => `${privilege}${suffix}`).join(', ')
}

function where(place: Place): string {
  switch (place.on) {
    case 'server':
      return '*.*'
    case 'schema':
      return `${quoteIdentifier(place.schema)}.*`
    case 'table':
      return quoteQualified(place.schema, place.name)
    case 'routine':
      return `${place.type} ${quoteQualified(place.schema, place.name)}`
    case 'proxy':
      return quoteAccount(place.user, place.host)
  }
}
