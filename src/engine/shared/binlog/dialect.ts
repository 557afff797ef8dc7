import type { EngineFamily } from '#domain/engine-family'
import type { ProgramCommand } from '#process/program'
import type { Session } from '../../session.ts'

/** Where the two engines differ about binary logs. */
export interface BinlogDialect {
  readonly family: EngineFamily
  /** mysqlbinlog, mariadb-binlog. */
  tool(): ProgramCommand
  /** The option by which the tool, while it follows, tells the server its number. */
  readonly readerIdOption: string
  /** The client, by an option file that comes first. */
  client(): ProgramCommand
  readonly clientOptions: readonly string[]
  /** For the tool, when it replays, and not when it archives. */
  readonly toolReplayOptions: readonly string[]
  /** For the tool, when it replays: transactions get new GTIDs. */
  readonly forgetGtids: readonly string[]
  /** See LogReplay. */
  readonly readsBeforeStart: boolean
  /**
   * A statement that puts a table elsewhere, where the private server makes it inside, in the words that
   * watchStatements makes of it; or null.
   */
  readonly elsewhere: RegExp | null
  /** MySQL's server_uuid. */
  serverUuid(session: Session): Promise<string | null>
  sourceId(session: Session): Promise<string>
  /** All transactions of the log: gtid_executed, gtid_binlog_state. */
  readonly gtids: string
  /** Transactions that the server has had, and that are in no file of its log: gtid_purged. null: nothing tells. */
  readonly purged: string | null
  /** Privileges that the account of an archiver needs, in the words of GRANT. */
  readonly privileges: string
  /** Accounts that can log in: user, host. */
  readonly openAccounts: string
  readonly systemDatabases: readonly string[]
}
