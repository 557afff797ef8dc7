import type { Manifest, TableEntry } from '#domain/backup/manifest'
import type { MadeObjects, RestorePlan, RestoreStatement } from '#domain/backup/restore-plan'
import type { ConnectOptions, Session } from './session.ts'

/**
 * Writes a logical snapshot into a server: objects by their own statements, rows by
 * LOAD DATA LOCAL on several connections, secondary indexes and foreign keys after the
 * rows. Where the server has local_infile off, rows travel as multi-row INSERT.
 *
 * It decides nothing: `plan` gives the statements as data, so that what is printed is what
 * is executed.
 */
export interface LogicalWriter {
  /**
   * Takes the server's restore lock, which the session holds until it closes, and waits
   * until no statement of a restore that was killed is still at work: one that commits
   * later would load its rows twice.
   *
   * @throws EcomdbError LOCKED when another restore into this server runs
   */
  lock(session: Session): Promise<void>
  /**
   * For who looks only: what is there is half of another restore, and its journal is no interrupted one's.
   * @throws EcomdbError LOCKED when another restore into this server runs
   */
  refuseLocked(session: Session): Promise<void>
  /**
   * Is this the server whose lock was taken?
   * @param lockedBy the connection that took it
   * @throws EcomdbError UNSUPPORTED
   */
  requireLocked(session: Session, lockedBy: number): Promise<void>
  /** What is on the server already. Reads only. */
  observe(session: Session, manifest: Manifest): Promise<RestoreTarget>
  /**
   * Does it make every table in its data directory, whatever DATA DIRECTORY says (MariaDB's
   * skip-symbolic-links)?
   */
  ignoresPlaces(session: Session): Promise<boolean>
  /** Of these databases those that are there, with how many objects they hold. */
  databasesThere(session: Session, names: readonly string[]): Promise<RestoreTarget['databases']>
  /** Tables, views, sequences and functions that are in these databases. */
  objectsThere(session: Session, databases: readonly string[]): Promise<ObjectThere[]>
  /**
   * Foreign keys between these databases and others of the server, in either direction: the server takes them without a look
   * at rows that are there.
   *
   * @param seconds that the rows of one key may take to count
   */
  keysBetween(
    session: Session,
    databases: readonly string[],
    seconds: number,
  ): Promise<KeyBetween[]>
  /**
   * How far the restore of this id came, by its journal on the server.
   * @returns null where the server has no such journal
   */
  progress(session: Session, manifest: Manifest, restoreId: string): Promise<RestoreProgress | null>
  /** Has the restore of this id begun on this server, and not ended? */
  isMarked(session: Session, restoreId: string): Promise<boolean>
  /**
   * Databases of the restore of this id that another restore, of whatever account or host, has made since.
   * @param marked of one that has its mark: an older ecomdb wrote no more
   */
  remadeSince(session: Session, restoreId: string, marked?: MarkedRestore): Promise<string[]>
  /**
   * Removes the marks of these restores from the server, and its journal where no other restore has one. The session's
   * binary log setting changes.
   */
  endJournal(session: Session, ended: readonly EndedRestore[]): Promise<void>
  /** Every statement of the restore, in order, but for the rows themselves. */
  plan(manifest: Manifest, target: RestoreTarget, options: PlanOptions): RestorePlan
  /** Opens the loading connections. Throws EcomdbError as `Engine.connect` does. */
  open(options: WriterOptions): Promise<LogicalWriterSession>
  /**
   * What holds the place of a view or trigger that was refused: it has its name, may be dropped, replaced and granted, and does nothing.
   * @returns statements; none where there is no such thing
   */
  standInFor(program: RestoreStatement): RestoreStatement[]
  /** Those that are on the server. */
  standIns(session: Session): Promise<StandIn[]>
  /**
   * Reads a row of each view; gives back those that do not answer. Nothing is written: a view may call a
   * function that writes, or take the next number of a sequence.
   */
  askViews(
    session: Session,
    views: readonly { schema: string; name: string }[],
  ): Promise<SilentView[]>
}

export interface StandIn {
  /** As RestoreStatement.object. */
  object: string
  /** Of a trigger; else ''. */
  table: string
  drop: RestoreStatement
}

export interface ObjectThere {
  kind: 'table' | 'function'
  schema: string
  name: string
  columns: readonly string[]
}

/** A foreign key from one database into another. */
export interface KeyBetween {
  name: string
  schema: string
  table: string
  toSchema: string
  toTable: string
  /** From one of the databases into another; else the other way. */
  isOutward: boolean
  /** The table that it refers to. */
  isThere: boolean
  /** Rows that refer to none; null where the server refused to say. */
  orphans: number | null
  /** Its reason. */
  error?: string
  /** What it refused, or had no time for. */
  statement?: string
}

export interface SilentView {
  schema: string
  name: string
  /** The server's reason. */
  error: string
  /** What the server refuses comes of the rows alone, as in a division by zero, or is a file (secure_file_priv). */
  opens: boolean
  /** It opens, and to answer would write. */
  writes?: true
}

export interface RestoreTarget {
  /** The same for the same server, whatever way it is reached: for the journal. */
  serverId: string
  serverVersion: string
  /** Of the snapshot's databases: those that are there, with how many objects they hold. */
  databases: readonly { name: string; objects: number }[]
  /** Every database that is there, but for those that only show what the server does. */
  allDatabases: readonly string[]
  /** Of the snapshot's accounts and roles: those that are there. Restore leaves them alone. */
  accounts: readonly { user: string; host: string }[]
  /** Who restores, as CURRENT_USER() says. */
  administrator: { user: string; host: string }
  /** Global variables with the names of `manifest.settings`, and others, as far as the server has them. */
  settings: Readonly<Record<string, string>>
  /** local_infile is on. */
  localInfile: boolean
  /**
   * Who may write: 'nobody', not even an administrator (MySQL's super_read_only, MariaDB's NO_LOCK_NO_ADMIN); or
   * 'administrators', of a server that is read_only for the others.
   */
  writableBy: 'all' | 'administrators' | 'nobody'
  /** Where it replicates from now, as host:port; empty where its threads do not run, or that may not be seen. */
  replicaOf: readonly string[]
  /** max_allowed_packet, in bytes. */
  maxPacket: number
  /** What its binary log takes at once, in bytes; Infinity where it writes none. */
  binlogCache: { transactions: number; statements: number }
  /** It looks at passwords before it takes them (MariaDB), and so takes no hash. */
  refusesHashes: boolean
  /** It writes a binary log, and makes no function that may change rows without saying so. */
  distrustsFunctions: boolean
  /** Tables that do not say where come into the system tablespace, and say so then (MySQL). */
  sharesTablespace: boolean
  /** It has a key to encrypt the files of tables with; null where the account may not see that. */
  hasTableKey: boolean | null
  /** Names of its collations and character sets. */
  collations: readonly string[]
  /** It has CREATE LIBRARY, and routines in JavaScript (MySQL). */
  hasLibraries: boolean
  /** Privileges that it knows, in upper case. */
  privileges: readonly string[]
  /** Names of its active plugins, in lower case. */
  plugins: readonly string[]
  /** Of the time zones that the snapshot may name: those that it knows. */
  timeZones: readonly string[]
}

export interface PlanOptions {
  /** Only these databases, with their programs; all when undefined. */
  databases?: readonly string[] | undefined
  /** Removed first: what an interrupted restore made. */
  remove: MadeObjects | null
  /** Continue an interrupted restore: its tables stay, all else that it made is made again. */
  resume?: { progress: RestoreProgress; made: MadeObjects } | undefined
  /** all: accounts, roles and grants. definers: only those that restored programs run as. */
  accounts: 'all' | 'definers'
  /** Lock restored people; service accounts, definers and roles come as they were. */
  lockPeople: boolean
  /** User names of programs, whose accounts are not people. */
  services: readonly string[]
  /** Create events disabled. */
  disableEvents: boolean
  /** Install what the source had for its accounts, tables and views: into a server of our own only. */
  installPlugins?: boolean
}

/** Pieces of a table that one transaction has loaded. */
export interface LoadedPieces {
  /** Place of the table in `manifest.tables`. */
  table: number
  /** Place of the first piece among all of the table's pieces. */
  first: number
  pieces: number
}

/** A restore that has begun and not ended, by its journal on its own host. */
export interface MarkedRestore {
  /** What it makes. */
  databases: readonly string[]
  /** Ids of all its tries. */
  tries: readonly string[]
}

export interface EndedRestore {
  restoreId: string
  /** It was written to the server's binary log, and so were its marks. */
  binlog: boolean
  /** It was refused before its first change. */
  madeNothing?: true
}

export interface RestoreProgress {
  /** Of the manifest: tables that are there, with what SHOW CREATE TABLE prints of them. */
  tables: readonly { table: number; create: string }[]
  /** What is loaded and committed, of these tables and no others. */
  loaded: readonly LoadedPieces[]
}

export interface WriterOptions {
  connect: ConnectOptions
  /**
   * Keeps a journal of loaded pieces under this id on the server, each written in the
   * transaction of its rows: so they are there both, or neither. Nothing is kept without it.
   */
  restoreId?: string
  /** What that restore makes, for its journal. */
  databases?: readonly string[]
  /** The connection that took the restore lock: all others must reach its server. */
  lockedBy?: number
  /** Loading connections, one worker thread each. */
  writers: number
  /** Nothing of this server will be kept: MySQL then goes without its redo log. */
  throwAway?: boolean
  /** Global variables to set first, on a throw-away server, as SQL: "partial_revokes = ON". */
  globals?: readonly string[]
  /** Settings of the server that the rows are of: what is computed of them is computed under these. */
  source: Readonly<Record<string, string>>
  /** Write to the server's binary log, so that replicas get the rows too. */
  binlog: boolean
  /** infile: LOAD DATA LOCAL. insert: multi-row INSERT, for servers with local_infile off. */
  method: 'infile' | 'insert'
}

export interface LogicalWriterSession {
  /** Loading connections. */
  readonly writers: number
  /** Runs one statement of the plan under the settings that it was created with. */
  run(statement: RestoreStatement): Promise<void>
  /**
   * Loads rows as one transaction on a free connection; up to `writers` calls run side by
   * side. `blocks` are TSV in order, cut anywhere; each block's memory is taken over and
   * must not be used after it was given. Reads no faster than the server takes the rows.
   *
   * @param mark what these rows are, for the journal
   * @throws EcomdbError CONTENT_MISMATCH when the server stored another number of rows;
   *   SERVER_LOST, SERVER_REFUSED
   */
  load(
    table: TableEntry,
    rows: number,
    blocks: AsyncIterable<Uint8Array>,
    mark?: LoadedPieces,
  ): Promise<LoadResult>
  /** Ends all connections and threads; never throws. */
  close(): Promise<void>
}

export interface LoadResult {
  rows: number
  /** Warnings of the server, as "code: message"; at most 64. Reading back judges them. */
  warnings: readonly string[]
}
