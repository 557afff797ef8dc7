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
  /**
   * As a run leaves it that died while it made an account that logs in, under MariaDB's password rules:
   * locked, and without rights and roles, which come later. Any other that is locked was locked by
   * somebody, who will have had a reason.
   */
  halfMade: boolean
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
