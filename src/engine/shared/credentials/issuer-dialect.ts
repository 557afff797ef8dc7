/** What differs between the engines in the procedures that make and end session accounts. */
export interface IssuerDialect {
  /** "PRIVILEGE ON PLACE" for the locked definer of the procedures. */
  grants(quotedDatabase: string): readonly string[]
  readonly extraGrants: readonly string[]
  /** Says 1 when the server offers TLS. */
  readonly tls: string
  /** Statements of a procedure: make the account v_account with the roles of p_person. */
  makeAccount(require: string): string
  /** Statements of a procedure: drop v_account, and what belongs to it alone. */
  readonly dropAccount: string
  /** A table of the sessions, with columns id, user and host. */
  readonly processes: string
  /** How the definer must hold a role to be able to give it; null where a privilege suffices. */
  readonly roleGrant: string | null
}
