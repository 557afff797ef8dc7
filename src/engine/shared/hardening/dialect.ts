import type { AccountFact } from '#domain/hardening/facts'
import type { HardenStep } from '#domain/hardening/fix-plan'
import type { SqlRow } from '../../session.ts'

export type StepText = Pick<HardenStep, 'text' | 'undo' | 'lines'>

/** What differs between the engines about hardening. */
export interface HardeningDialect {
  /** Accounts and roles; the columns are readAccount's. */
  readonly accounts: string
  readAccount(row: SqlRow): AccountFact
  /** Rows account, privilege, sch, tbl, grantable (YES or NO). */
  readonly privileges: string
  /** Rows role, holder. */
  readonly roleEdges: string
  /** Rows name, active, pinned (0 or 1). */
  readonly plugins: string
  /** 1 when the server has a certificate and speaks TLS. */
  readonly tlsAvailable: string
  /** SHOW writes NULL as something else. */
  isNull(name: string, shown: string): boolean
  /** Variables that only the configuration file and a restart change. */
  readonly readOnly: ReadonlySet<string>
  /** Sets a variable now and for good, as far as the server can. */
  setting(name: string, value: string, before: string): StepText
  install(name: string): StepText
  /** What the configuration file calls the server's section. */
  readonly section: string
}

/**
 * What was granted on everything (dynamic privileges too), on schemas, tables and columns:
 * rows account, privilege, sch, tbl, grantable. A grantee is written 'user'@'host', and
 * nothing in it is escaped.
 */
export function grantedTables(): string {
  return ['user', 'schema', 'table', 'column']
    .map(level => {
      const sch = level === 'user' ? 'NULL' : 'table_schema'
      const tbl = level === 'table' || level === 'column' ? 'table_name' : 'NULL'
      return `SELECT REPLACE(SUBSTRING(grantee, 2, CHAR_LENGTH(grantee) - 2), '''@''', '@') AS account,
        privilege_type AS privilege, ${sch} AS sch, ${tbl} AS tbl, is_grantable AS grantable
        FROM information_schema.${level}_privileges`
    })
    .join(' UNION ALL ')
}
