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

/** Owns the views, procedures and triggers; nobody can log in as it. */
export function definerAccount(definer: AccountName, schema: string): ServiceAccount {
  const on = (table: string, ...privileges: string[]): PrivilegeGrant => ({
    schema,
    table,
    privileges,
    grantOption: false,
  })
  return {
    account: definer,
    login: false,
    grants: [
      // A procedure's definer must hold EXECUTE on it too (error 1370 without, both engines).
      { schema, table: null, privileges: ['EXECUTE'], grantOption: false },
      on('order_items', 'SELECT', 'TRIGGER'),
      on('orders', 'SELECT', 'INSERT', 'UPDATE', 'DELETE'),
      on('website_sessions', 'SELECT'),
      on('support_members', 'SELECT'),
      on('chat_sessions', 'SELECT'),
    ],
  }
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
        (other.table === null || other.table === grant.table),
    )
    const privileges = grant.privileges.filter(
      privilege =>
        offered.has(privilege) && !held.some(other => other.privileges.includes(privilege)),
    )
    return privileges.length > 0 ? [{ ...grant, privileges }] : []
  })
}
