import {
  type AccountNaming,
  definerName,
  type PrivilegeGrant,
  type ServiceAccount,
} from '#domain/schema/service-accounts'

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
    // Reads everything, the accounts and the binary log too, and fences writers for one
    // consistent point.
    login('backup', [
      onEverything(
        ...['SELECT', 'LOCK TABLES', 'RELOAD', 'PROCESS', 'SHOW VIEW', 'TRIGGER', 'EVENT'],
        ...['REPLICATION CLIENT', 'REPLICATION SLAVE', 'BACKUP_ADMIN', 'SHOW_ROUTINE'],
        ...['RESOURCE_GROUP_USER', 'BINLOG MONITOR', 'SHOW CREATE ROUTINE', 'SLAVE MONITOR'],
      ),
      // It keeps the reports' answers of its point in time, for a drill to compare.
      onSchema(schema, 'EXECUTE'),
    ]),
    // UPDATE is for --on-conflict replace; orders follow by the definer's triggers.
    login('loader', [
      // Its journal, which it makes itself at the first load.
      onTable(schema, 'ecomdb_load', 'CREATE', 'SELECT', 'INSERT', 'UPDATE'),
      ...LOAD_TABLES.map(table => onTable(schema, table, 'SELECT', 'INSERT', 'UPDATE')),
    ]),
    // Makes and drops people's accounts and roles, and ends their sessions. On MySQL accounts of
    // SYSTEM_USER are out of its reach; on MariaDB CREATE USER sets anybody's password, root's too,
    // and nothing narrower makes an account. So there it counts as root (policies/harden.yaml), and
    // what runs all day must not hold it: a broker executes procedures instead.
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
