import type { EngineFamily } from '../engine-family.ts'
import type { AccountName } from '../schema/service-accounts.ts'
import type { Right } from './right.ts'

/** Who may what, as the catalogue tables of a server say, and what ecomdb has on record. */
export interface ObservedAccess {
  family: EngineFamily
  /** "mariadb 10.11.19" */
  flavor: string
  /** What the server says that can be granted; in capitals. */
  offered: ReadonlySet<string>
  /** Names of schemas and tables are the same in lower case. */
  foldNames: boolean
  /** MySQL's partial_revokes: schema names in grants are then no patterns. */
  literalSchemas: boolean
  /** ecomdb's own database: apply makes it, with what it has, before anything else. */
  ownSchema: string
  /** Roles that everybody holds (MySQL). */
  mandatoryRoles: readonly AccountName[]
  /** Accounts and roles, and MariaDB's PUBLIC. */
  principals: readonly Principal[]
  /** Of all schemas but the server's own. */
  objects: readonly ObservedObject[]
  people: readonly PersonRecord[]
  records: readonly AccountRecord[]
  /** What is granted now, by a row with a reason and an end. */
  leases: readonly Lease[]
}

/** An account or a role of the server. */
export interface Principal {
  account: AccountName
  kind: 'account' | 'role' | 'public'
  locked: boolean
  /** The authentication plugins, each of which opens it; empty for a role. */
  plugins: readonly string[]
  tls: '' | 'ANY' | 'X509' | 'SPECIFIED'
  /** 0: as many as the server allows. */
  maxConnections: number
  rights: readonly Right[]
  /** MySQL's partial revokes: exceptions from rights on the whole server. */
  restrictions: readonly Right[]
  roles: readonly RoleEdge[]
  defaultRoles: readonly AccountName[]
}

export interface RoleEdge {
  role: AccountName
  /** May give it to others. */
  admin: boolean
}

export interface ObservedObject {
  schema: string
  name: string
  kind: 'table' | 'view' | 'procedure' | 'function' | 'trigger' | 'event'
  /** user@host of the account with whose rights it runs; null for tables. */
  definer: string | null
  /** INVOKER runs with the rights of who calls it; null for tables. */
  security: 'DEFINER' | 'INVOKER' | null
}

export interface PersonRecord {
  person: string
  fullName: string
  email: string | null
  state: 'active' | 'locked' | 'left'
}

export interface AccountRecord {
  account: AccountName
  person: string | null
  kind: 'identity' | 'session' | 'service' | 'application' | 'adopted' | 'role'
}

export interface Lease {
  person: string
  role: string
  /** By a role under `people:` of the policy, for sessions of the broker; `access apply` wrote it. */
  byPolicy?: boolean
}

/** Equal for names that the server holds to be one account. */
export function accountKey({ user, host }: AccountName): string {
  return `${user}@${host.toLowerCase()}`
}

/** alice@localhost; a role has no host. */
export function accountText({ user, host }: AccountName): string {
  return host === '' ? user : `${user}@${host}`
}

/** How a role is called as an account: MySQL gives it a host. */
export function roleAccount(family: EngineFamily, name: string): AccountName {
  return { user: name, host: family === 'mysql' ? '%' : '' }
}
