/** 'user'@'host' */
export interface AccountName {
  user: string
  host: string
}

/** Privileges on everything, on a schema, or on one of its tables. */
export interface PrivilegeGrant {
  /** null: on everything. */
  schema: string | null
  /** null: on the whole schema. */
  table: string | null
  /** As SHOW PRIVILEGES calls them, in capitals: "SELECT", "BACKUP_ADMIN". */
  privileges: readonly string[]
  grantOption: boolean
}

/** An account that ecomdb makes: what it is for, whether it can log in, what it may do. */
export interface ServiceAccount {
  account: AccountName
  login: boolean
  grants: readonly PrivilegeGrant[]
}

/** What the server says of one of these accounts. */
export interface ObservedAccount {
  account: AccountName
  exists: boolean
  locked: boolean
  grants: readonly PrivilegeGrant[]
}

/** Who ecomdb's accounts are called. */
export interface AccountNaming {
  /** "ecomdb" makes ecomdb_definer, ecomdb_backup and so on. */
  prefix: string
  /** From where the accounts that log in may do so; the definer never logs in. */
  host: string
}

export function definerName({ prefix }: AccountNaming): AccountName {
  return { user: `${prefix}_definer`, host: 'localhost' }
}

const LOAD_TABLES = [
  'products',
  'order_items',
  'order_item_refunds',
  'website_sessions',
  'website_pageviews',
  'users',
  'support_members',
  'chat_sessions',
  'chat_messages',
]

/** Owns the views, procedures and triggers; nobody can log in as it. */
export function definerAccount(naming: AccountNaming, schema: string): ServiceAccount {
  return {
    account: definerName(naming),
    login: false,
    grants: [
      // A procedure's definer must hold EXECUTE on it too (error 1370 without, both engines).
      onSchema(schema, 'EXECUTE'),
      onTable(schema, 'order_items', 'SELECT', 'TRIGGER'),
      onTable(schema, 'orders', 'SELECT', 'INSERT', 'UPDATE', 'DELETE'),
      onTable(schema, 'website_sessions', 'SELECT'),
      onTable(schema, 'support_members', 'SELECT'),
      onTable(schema, 'chat_sessions', 'SELECT'),
    ],
  }
}

/**
 * The accounts that ecomdb works with day by day. Privileges that a server does not offer
 * are left out; where two engines or versions name one differently, both are here.
 */
export function serviceAccounts(naming: AccountNaming, schema: string): ServiceAccount[] {
  const login = (role: string, grants: PrivilegeGrant[]): ServiceAccount => ({
    account: { user: `${naming.prefix}_${role}`, host: naming.host },
    login: true,
    grants,
  })
  return [
    // Reads everything, the accounts too, and fences writers for one consistent point.
    login('backup', [
      onEverything(
        ...['SELECT', 'LOCK TABLES', 'RELOAD', 'PROCESS', 'SHOW VIEW', 'TRIGGER', 'EVENT'],
        ...['REPLICATION CLIENT', 'BACKUP_ADMIN', 'SHOW_ROUTINE'],
        ...['BINLOG MONITOR', 'SHOW CREATE ROUTINE'],
      ),
    ]),
    // UPDATE is for --on-conflict replace; orders follow by the definer's triggers.
    login('loader', [
      onSchema(schema, 'CREATE TEMPORARY TABLES'),
      ...LOAD_TABLES.map(table => onTable(schema, table, 'SELECT', 'INSERT', 'UPDATE')),
    ]),
    // Makes and drops people's accounts and roles, and ends their sessions.
    login('admin', [
      onEverything(
        ...['CREATE USER', 'PROCESS', 'CREATE ROLE', 'DROP ROLE', 'ROLE_ADMIN'],
        ...['CONNECTION_ADMIN', 'CONNECTION ADMIN'],
      ),
      { schema: 'mysql', table: null, privileges: ['SELECT'], grantOption: false },
      { ...onSchema(schema, 'SELECT', 'EXECUTE', 'SHOW VIEW'), grantOption: true },
    ]),
  ]
}

function onEverything(...privileges: string[]): PrivilegeGrant {
  return { schema: null, table: null, privileges, grantOption: false }
}

function onSchema(schema: string, ...privileges: string[]): PrivilegeGrant {
  return { schema, table: null, privileges, grantOption: false }
}

function onTable(schema: string, table: string, ...privileges: string[]): PrivilegeGrant {
  return { schema, table, privileges, grantOption: false }
}

/**
 * The privileges that an account lacks. What it holds on everything or on the whole schema
 * counts for a table.
 *
 * @param offered what the server knows (SHOW PRIVILEGES); what it does not offer is left out
 */
export function missingGrants(
  wanted: ServiceAccount,
  observed: ObservedAccount,
  offered: ReadonlySet<string>,
): PrivilegeGrant[] {
  return wanted.grants.flatMap(grant => {
    const held = observed.grants.filter(
      other =>
        (other.schema === null || other.schema === grant.schema) &&
        (other.table === null || other.table === grant.table) &&
        (other.grantOption || !grant.grantOption),
    )
    const privileges = grant.privileges.filter(
      privilege =>
        offered.has(privilege) && !held.some(other => other.privileges.includes(privilege)),
    )
    return privileges.length > 0 ? [{ ...grant, privileges }] : []
  })
}
