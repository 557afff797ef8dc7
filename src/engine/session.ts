import type { Secret } from '#core/secret'
import type { Flavor } from './flavor.ts'

export interface ConnectOptions {
  host?: string | undefined
  port?: number | undefined
  /** A unix socket; host and port are then ignored. */
  socketPath?: string | undefined
  user: string
  password?: Secret | undefined
  database?: string | undefined
  /** Where ecomdb keeps its own data; default ecomdb_access and ecomdb_audit. */
  accessDatabase?: string | undefined
  auditDatabase?: string | undefined
  /** PEM text of the CA; with it, TLS is used and the server's certificate is checked. */
  tlsCa?: string | undefined
  /** TLS without a certificate check: against listeners, not against impostors. */
  tls?: boolean | undefined
  /** Milliseconds; default 10 000. */
  connectTimeoutMs?: number | undefined
}

export type SqlValue = string | number | bigint | boolean | null | Uint8Array

/** A row as text-protocol JavaScript values: dates, decimals and 64-bit integers are strings. */
export type SqlRow = Record<string, string | number | null | Buffer>

/**
 * One connection for catalogue work and small results. Bulk rows never travel here: see
 * the logical backup's and the loader's own wire code.
 *
 * Session settings on open: utf8mb4, time_zone '+00:00', and sql_mode without
 * NO_BACKSLASH_ESCAPES and ANSI_QUOTES, so that quoteString and quoteIdentifier hold;
 * sql_quote_show_create on, so that definitions have every name in backticks.
 */
export interface Session {
  readonly flavor: Flavor
  readonly options: ConnectOptions
  readonly connectionId: number
  /** Rows of one statement. Throws EcomdbError as `translateServerError` says. */
  rows<Row extends SqlRow = SqlRow>(sql: string, values?: readonly SqlValue[]): Promise<Row[]>
  /** The first column of the first row, or null when there is no row. */
  value(sql: string, values?: readonly SqlValue[]): Promise<string | null>
  /** A statement without rows. */
  run(
    sql: string,
    values?: readonly SqlValue[],
  ): Promise<{ affectedRows: number; warnings: number }>
  /** Ends the connection; never throws. */
  close(): Promise<void>
  /** Drops the connection at once, also in the middle of a statement. */
  destroy(): void
}
