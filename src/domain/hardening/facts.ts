import type { EngineFamily } from '../engine-family.ts'

/**
 * What the server says of itself, as far as the checks of `ecomdb harden` judge it. Accounts are
 * called user@host throughout; a MariaDB role has an empty host.
 */
export interface HardeningFacts {
  family: EngineFamily
  /** As VERSION() and @@version_comment print. */
  version: string
  versionComment: string
  /** The account that this connection was let in as. */
  me: string
  /** How this connection reached the server. */
  connection: 'tls' | 'socket' | 'plain'
  /** The server has a certificate and would speak TLS. */
  tlsAvailable: boolean
  /** Global variables by name; NULL is null, on MariaDB where it matters only (secure_file_priv). */
  variables: ReadonlyMap<string, string | null>
  accounts: readonly AccountFact[]
  privileges: readonly PrivilegeFact[]
  roleEdges: readonly { role: string; holder: string }[]
  /** Views, routines, triggers and events outside the server's own schemas. */
  programs: readonly ProgramFact[]
  /** Plugins and MySQL's components, by lower-case name without "component_". */
  plugins: ReadonlyMap<string, PluginFact>
  /** Outside the server's own. */
  schemas: readonly { name: string; tables: number }[]
  /** ecomdb's own, whether they are there or not. */
  ownDatabases: readonly string[]
  /** Accounts of people that ecomdb answers for. */
  people: readonly PersonFact[]
  /** Tables with ecomdb's audit trail; null: there is no trail. */
  audited: readonly { table: string; problems: readonly string[] }[] | null
  /** The server's clock minus ours; 0 when it may be right. */
  skewMs: number
}

export interface AccountFact {
  name: string
  user: string
  host: string
  /** system: the server's own, which nobody logs in as; public: MariaDB's PUBLIC. */
  kind: 'account' | 'role' | 'system' | 'public'
  locked: boolean
  /** Any one of these lets in. */
  logins: readonly LoginWay[]
  /** ssl_type: "" is no requirement. */
  tls: string
  /** MySQL's own lock after so many wrong passwords; 0: none. */
  failedLoginAttempts: number
  /** MySQL: PASSWORD HISTORY and REUSE INTERVAL of the account itself; null: the global ones hold. */
  passwordHistory: number | null
  passwordReuseDays: number | null
  /** MySQL's partial revokes: in these schemas a global privilege does not hold. */
  restrictions: readonly { schema: string; privileges: readonly string[] }[]
}

export interface LoginWay {
  plugin: string
  /** empty: no password is asked for; unusable: a hash that no password has; outside: no password here. */
  credential: 'password' | 'empty' | 'unusable' | 'outside'
}

export interface PrivilegeFact {
  account: string
  /** In capitals: "SUPER", "BINLOG ADMIN", "SYSTEM_VARIABLES_ADMIN". */
  privilege: string
  /** null: on everything. As in GRANT, a pattern. */
  schema: string | null
  table: string | null
  grantable: boolean
}

export interface ProgramFact {
  kind: 'view' | 'procedure' | 'function' | 'trigger' | 'event'
  /** schema.name */
  name: string
  definer: string
  /** It runs with the rights of its definer, not of who calls it. */
  asDefiner: boolean
}

export interface PersonFact {
  account: string
  person: string
  state: 'active' | 'locked' | 'left'
  /** Roles that were granted for a time that is not over. */
  leases: number
  /** Days since the last of them ended, or since the person was made. */
  idleDays: number
}

export interface PluginFact {
  active: boolean
  /** It cannot be unloaded while the server runs. */
  pinned: boolean
}
