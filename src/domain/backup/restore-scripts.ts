/**
 * The SQL in manifest.age, for a restore by hand with age, zstd, tar and the client
 * (RESTORE.md in every repository). Made from the manifest by #engine/restore-scripts,
 * UTF-8, each file ready to be piped into the client.
 */
export interface RestoreScripts {
  /** Accounts and roles, without their grants; people's are locked. */
  accounts: string
  /** Databases, sequences and tables. */
  schema: string
  /** Per table, in the manifest's order: one line of SQL that loads one piece from /dev/stdin. */
  loads: readonly { schema: string; table: string; sql: string }[]
  /** Views, routines, triggers, events (disabled), then grants. */
  finish: string
  /**
   * What a server may refuse, and the rest is whole without: the optimizer's statistics, what belongs to
   * no database, programs that were invalid already; then READ ONLY of databases. For `--force`.
   */
  optional: string
  /** Prints tables that have another number of rows than they had, and databases that should be READ ONLY: nothing, when all is well. */
  check: string
}
