import { EcomdbError, type ErrorDetails } from '#core/errors'
import type { LoadData } from '#domain/binlog/load-data'
import type { Definition } from '#domain/binlog/older-temporary'
import type { SystemZone } from '#domain/binlog/system-zone'
import type { Unlogged } from '#domain/binlog/unlogged'
import type { Untold } from '#domain/binlog/untold'
import type { ConnectOptions, Session } from './session.ts'

/** The server does not log all of its changes, so an archive of its log has a hole from here on. */
export class LogNotWhole extends EcomdbError {
  readonly sourceId: string
  /** What is missing, in words. */
  readonly hole: string

  constructor(sourceId: string, hole: string, details: ErrorDetails) {
    super('UNSUPPORTED', details)
    this.sourceId = sourceId
    this.hole = hole
  }
}

/**
 * A server's binary log: what is there, its bytes as they are written, and its replay into
 * another server. Reading and replaying go through the engine's own tool (mysqlbinlog,
 * mariadb-binlog), replaying also through the engine's own client.
 */
export interface BinaryLog {
  /**
   * What an archiver must know.
   * @throws LogNotWhole when the server writes no binary log, or not all into it
   * @throws EcomdbError PRIVILEGE_MISSING, UNSUPPORTED
   */
  observe(session: Session): Promise<BinlogServer>
  /**
   * Takes a lock on the server that the session holds until it closes: one archiver for each
   * server and repository, also from another host.
   * @throws EcomdbError LOCKED
   */
  lock(session: Session, repositoryId: string): Promise<void>
  /**
   * Has the log say that rows come which it has not, see isRestoredMark: before a session that does not log changes anything, and
   * behind its last change, for a snapshot between the two has a part of them.
   * @returns false where it may not: on a replica, whose own transactions would be in the way of its source's
   */
  noteRestore(session: Session): Promise<boolean>
  /**
   * Bytes of the log from a place on, whole events in order. The password never gets into an
   * argument, and no byte of the log onto this host's disk.
   */
  read(options: BinlogReadOptions): Promise<BinlogFeed>
  /** See LogReplay. */
  readonly replay: LogReplay
}

export interface BinlogServer {
  /** As in the envelopes of this server's snapshots. */
  sourceId: string
  serverUuid: string | null
  serverId: number
  serverVersion: string
  /** The files that are still there, oldest first. */
  files: readonly { name: string; bytes: number }[]
  /** The end of the log; the end of a transaction. */
  end: { file: string; offset: number }
  /** Transactions that the server has had, as far as its log tells: gtid_executed, gtid_binlog_state. */
  gtids: string
  /** MySQL's gtid_purged, read before `end`: had by the server, and in no file that it has. '' on MariaDB. */
  purged: string
  /** Microseconds since 1970 by the server's clock, read before `end`. */
  timeUs: number
  /** When it was started, by the same clock. */
  startedUs: number
  /** MariaDB: bytes of InnoDB's log that are on its disk, ever; null for MySQL, and where it is not known. */
  flushedLsn: number | null
  /** What it was when the server was started (MariaDB 10.8+, else as now): less than before where its data files were put back. */
  startLsn: number | null
  /** See laxSettings. */
  lax: readonly string[]
  /** In words: why a replica has not what its sources have, where that may be seen; where it may leave its log. */
  doubts: readonly string[]
}

export interface BinlogReadOptions {
  connect: ConnectOptions
  file: string
  /** Of the server, in order: only it knows which one follows another. */
  files: readonly string[]
  /** Where an event begins; 4 is the first of a file. */
  offset: number
  /** Wait for more at the end, rather than ending there. */
  follow: boolean
}

export type FeedItem =
  /** A whole event at its place in the server's file. */
  | { kind: 'event'; file: string; offset: number; bytes: Buffer }
  /** The format description of a file that is not read from its beginning. */
  | { kind: 'format'; file: string; bytes: Buffer }
  /** The server has gone on to the next file. torn: and has left the end of an event out of this one. */
  | { kind: 'file-end'; file: string; next: string; torn: boolean }
  /** Nothing came for the time that was given. */
  | { kind: 'idle' }
  /** All was read, and the tool ended well; never when following. */
  | { kind: 'end' }

export interface BinlogFeed {
  /**
   * @param waitMs how long to wait for something to come
   * @throws EcomdbError SERVER_LOST, SERVER_REFUSED, TOOL_FAILED, PRIVILEGE_MISSING
   */
  next(waitMs: number): Promise<FeedItem>
  /** Ends the tool and removes what it used; never throws. */
  close(): Promise<void>
}

/** Replays binary log files into a server. */
export interface LogReplay {
  /**
   * Does the tool read every event of the first file before it gets to where it is to start? Else
   * it reads the file's beginning, and goes on from there.
   */
  readonly readsBeforeStart: boolean
  /**
   * Are the programs here that `run` needs?
   * @throws EcomdbError TOOL_MISSING
   */
  requirePrograms(): void
  /** What is on the server besides its own databases, and who may log in. */
  observe(session: Session): Promise<ReplayTarget>
  /**
   * Prepares a server for a replay: the event scheduler stops, packets may be as large as the
   * source's, LOAD DATA LOCAL is allowed, no database is READ ONLY, and global variables that statements
   * read are the source's. MariaDB: whoever replays may grant all roles. What was changed is put back by the function given back,
   * in any session: that of the replay may be gone by then. It says what has to stay, in words.
   */
  prepare(
    session: Session,
    options: PrepareOptions,
  ): Promise<(session: Session) => Promise<string[]>>
  /**
   * Replays whole transactions of files that follow one another, in one session, and waits for
   * the statuses of the tool and of the client.
   *
   * @throws EcomdbError SERVER_REFUSED with the server's words, at the first statement that
   *   it refuses; SERVER_LOST, TOOL_FAILED
   */
  run(options: ReplayOptions): Promise<void>
  systemZone(session: Session): Promise<SystemZone>
  /** Global variables that statements depend on, and that are not to be changed while a server runs. */
  compared(session: Session): Promise<Record<string, string>>
  /** Is there a view or a program that searches in full-text indexes? */
  searches(session: Session): Promise<boolean>
  /**
   * Defaults of tables, triggers (by their table), programs and views.
   * @param words those whose text has one of these, in lower case
   */
  definitionsWith(session: Session, words: readonly string[]): Promise<Definition[]>
  /** XA transactions that are prepared, and wait for their COMMIT or ROLLBACK. */
  undecided(session: Session): Promise<number>
  /**
   * After a replay: disables events, and locks the accounts of people that it made or opened.
   * @returns the names of those accounts and events
   */
  settle(session: Session, options: SettleOptions): Promise<{ locked: string[]; events: string[] }>
}

export type PrepareOptions = Pick<ReplayOptions, 'source' | 'untold' | 'binlog'> & {
  /** max_allowed_packet, in bytes; null for the largest. */
  packet: number | null
}

export interface ReplayOptions {
  connect: ConnectOptions
  /** Global variables of the source, as far as the snapshot has them: statements read some. */
  source: Readonly<Record<string, string>>
  zone: {
    /** In which the keys were made of the rows that are there; null: not known, and the server's own is taken. */
    keys: string | null
    /** Instead of the log's SYSTEM. */
    system: string
    /** Rows are changed in that of the keys, whatever zone the log says before them. */
    isForRows: boolean
  }
  /** Paths of the files, in order; each has its offsets as on the server. */
  files: readonly string[]
  /** Where to begin in the first file. */
  start: number
  /** Where to stop in the last file: exclusive, the end of a transaction. */
  stop: number
  /** The connection that took the restore lock: another server takes nothing of the log. */
  lockedBy?: number | undefined
  /** Write to the server's own binary log. */
  binlog: boolean
  /** Each transaction keeps its GTID, on a server that has had all before it; else a new one. */
  keepGtids?: boolean
  /** For files that the tool makes for LOAD DATA of statement format; 0700. */
  folder: string
  /** Bytes of SQL that went to the client. */
  onBytes?: (bytes: number) => void
  /** A statement puts a table elsewhere, and a private server makes it in its data directory. */
  onElsewhere?: (() => void) | undefined
  /** What the log has of its statements beyond what the tool prints, in order. */
  untold: readonly Untold[]
  /** See TimestampDefaults. */
  timestampDefaults: ReadonlyMap<number, number>
  loadData: LoadData
  /** The errors with which statements ended on the source, in order; see loggedErrors. */
  errors: readonly number[]
  /** Decisions on XA transactions that may have changed nothing; see EmptyXa. */
  xaOfStatements: number
  /** Some of these statements ended without an error here. */
  onMissedErrors?: ((errors: readonly number[]) => void) | undefined
  /** See LogReplay.searches; false where it makes no difference. */
  searches: boolean
  /** The packet is larger than the source's, and how long a value may come out that is NULL there; else null. */
  longer: 'any' | 'repeated' | null
  /** Statements ask for what no log tells; of each kind it is told once. */
  onUnlogged: (what: Unlogged) => void
  /** A statement depends on the system's time zone, which no log tells. */
  onSystemZone?: (() => void) | undefined
}

export interface ReplayTarget {
  databases: readonly string[]
  /** Accounts that are not locked. */
  accounts: readonly { user: string; host: string }[]
}

export interface SettleOptions {
  /** Accounts that were there before the restore. */
  keep: ReplayTarget['accounts']
  /** User names of programs, whose accounts are not people. */
  services: readonly string[]
}
