/** policies/access.yaml: who may do what, and on whose word. */
export interface AccessPolicy {
  /** Accounts that may do everything, user@host: they are shown, and never changed. */
  administrators: readonly string[]
  /** A plan that revokes more than this part of what is granted needs to be asked for. */
  revokeShare: number
  roles: ReadonlyMap<string, RolePolicy>
  applications: ReadonlyMap<string, ApplicationPolicy>
  people: ReadonlyMap<string, PersonPolicy>
}

/**
 * What a role or an application may do. A name without a schema is one of the shop's;
 * ecomdb_access and ecomdb_audit stand for ecomdb's own databases, whatever they are called.
 */
export interface WantedRights {
  /** Views. */
  select: readonly string[]
  /** Procedures and functions. */
  execute: readonly string[]
  /** Privileges on tables; "*" is the whole schema. */
  tables: ReadonlyMap<string, readonly string[]>
  /** Privileges on the server. */
  server: readonly string[]
  /** Anything else, as text: "SELECT (name) ON shop.users". */
  rights: readonly string[]
  /** Roles that it holds. */
  roles: readonly string[]
  /** Those of them that it may give to others. */
  adminOf: readonly string[]
}

/** TLS of connections: from another host, or always, on sockets too. */
export type TlsWish = 'never' | 'remote' | 'always'

export interface RolePolicy extends WantedRights {
  description: string
  heldBy: 'people' | 'applications'
  /** Why people may reach more than views and procedures by it; null where they do not. */
  exception: string | null
  /** Connections that a holder may have at once. */
  maxConnections: number | null
  tls: TlsWish
  /** The longest that a grant of it may last; null: without an end. */
  maxTtlMs: number | null
  /** People, or roles whose holders may say yes; empty: nobody need. */
  approvers: readonly string[]
}

export interface ApplicationPolicy extends WantedRights {
  owner: string
  /** user@host */
  accounts: readonly string[]
  /** Whether its roles are on when it logs in; null: as it is. */
  defaultRoles: boolean | null
  maxConnections: number | null
  tls: TlsWish | null
}

export interface PersonPolicy {
  fullName: string
  email: string | null
  /** user@host; what they log in as where no broker is used. */
  accounts: readonly string[]
  /** Held for as long as they stand here; others are granted with an end. */
  roles: readonly string[]
}
