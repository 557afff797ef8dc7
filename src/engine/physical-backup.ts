import type { LogSequence } from '#domain/backup/envelope'
import type { TableName } from '#domain/backup/physical-manifest'
import type { Position, SourcePosition } from '#domain/backup/position'
import type { RunningServer } from './scratch-server.ts'
import type { ConnectOptions, Session } from './session.ts'

/**
 * Copies a running server's data files and, later, makes a data directory out of them again.
 * MariaDB: mariadb-backup. MySQL: the CLONE plugin.
 */
export interface PhysicalBackups {
  /**
   * Does what can be refused before anything is copied: privileges, programs, tables that
   * would not be in the copy.
   *
   * @throws EcomdbError UNSUPPORTED (with the tables by name), PRIVILEGE_MISSING, TOOL_MISSING,
   *   SERVER_UNREACHABLE
   */
  check(connect: ConnectOptions): Promise<PhysicalSource>
  /**
   * Are the programs here that `prepare` and `checkPages` need, and new enough for files of that version?
   * @throws EcomdbError TOOL_MISSING, UNSUPPORTED
   */
  requirePrograms(serverVersion: string): Promise<void>
  /**
   * Why an increment to that copy would not be right, of what the server has now; null when it would be.
   * MySQL has none.
   */
  whyNoBase(connect: ConnectOptions, base: BaseCopy): Promise<string | null>
  /** Begins the copy; `close` must be called whatever happens. */
  start(options: PhysicalBackupOptions, source: PhysicalSource): Promise<PhysicalCopy>
  /**
   * Makes the files consistent where the engine's own program does that, and applies the
   * increments in order. MySQL does it itself at its first start.
   *
   * @param folder the data directory of the full copy
   * @throws EcomdbError TOOL_MISSING, TOOL_FAILED, STORAGE_FAILED
   */
  prepare(folder: string, options: PrepareOptions): Promise<void>
  /**
   * The engine's own page check over every data file.
   * @param settings of the source, which name the files of its system tablespace
   * @returns one line for each file that is not right, and how many were looked at
   */
  checkPages(
    folder: string,
    settings: Readonly<Record<string, string>>,
  ): Promise<{ files: number; problems: readonly string[] }>
  /** Options that a private server needs to start on the files, and to do nothing else there. */
  serverOptions(settings: Readonly<Record<string, string>>): readonly string[]
  /** The same for a server with the copy's own accounts, plugins and functions. */
  grantedOptions(settings: Readonly<Record<string, string>>): readonly string[]
  /** Are the rows of tables of that storage engine in the files that are copied? */
  rowsAreInFiles(storageEngine: string): boolean
  /** Modes of the files and folders of a data directory, as the engine makes them itself. */
  readonly modes: { file: number; folder: number }
  /** With these a server leaves what its files know of its sources as it is. */
  readonly aloneOptions: readonly string[]
  /** Files of a data directory that tell one server from all others: no copy has them, and each server makes its own. */
  readonly namesOfServer: readonly string[]
  /**
   * GTIDs that a server has which was just started on a copy; null where that does not tell.
   */
  restoredGtids(session: Session): Promise<string | null>
  /**
   * An administrator on a private server that was started on a copy without grants: what the
   * copy's own accounts are called and may do is not known. Turns the grants on.
   */
  admit(server: RunningServer): Promise<ConnectOptions>
  /** What a replay as that account would make its own; asked with the grants on. */
  remember(administrator: ConnectOptions): Promise<BeforeReplay>
  /**
   * Removes that account again, as itself, and what a replay has made its own.
   *
   * @returns what could not be made as it was on the source, in words
   * @throws EcomdbError CONTENT_MISMATCH when an object has that account as its definer, and
   *   the right one is not known
   */
  dismiss(administrator: ConnectOptions, before: BeforeReplay): Promise<string[]>
  /**
   * On a private server behind a replay: what was a replica is none any more. Its place in a source's log is of
   * before the replay, and a server that is started on the files may go on from there by itself.
   *
   * @returns host:port of each source that it had
   */
  forgetSources(session: Session): Promise<string[]>
  /** On a private server: tables whose rows lie on another server, which it is started not to ask. */
  onOtherServers(session: Session): Promise<TableName[]>
  /** Is this account the one that `admit` has made? */
  isAdmitted(account: { user: string; host: string }): boolean
}

/** A copy that an increment would build on. */
export interface BaseCopy {
  lsn: LogSequence
  /** Absent in older snapshots. */
  position: Position | null
  /** ISO 8601. */
  consistentAt: string
}

/** What a replay may change that the log does not tell. */
export interface BeforeReplay {
  /** Definers, as user@host, by JSON of database and name. */
  events: ReadonlyMap<string, string>
  /** MariaDB's roles. */
  roles: readonly string[]
}

export interface PhysicalBackupOptions {
  connect: ConnectOptions
  /** A folder of this run's own, mode 0700: option files, logs, scratch. */
  workFolder: string
  /**
   * MySQL: an empty or missing folder below which the server may write the clone, and from
   * which we can read it. Default: beside `workFolder`.
   */
  cloneFolder?: string | undefined
  /** MariaDB: seconds for which writers to tables without transactions may have to wait. */
  holdSeconds?: number | undefined
  /** MariaDB: copy only what has changed since; null for a full copy. */
  since: LogSequence | null
  /** Is told what is being done, in words. */
  onStep: (step: string) => void
  /** Is told what could not be removed at the end, also of a backup that fails or is interrupted: a finding. */
  onLeft: (finding: string) => void
  now: () => Date
}

/** What is known of the server before the copy. */
export interface PhysicalSource {
  serverVersion: string
  sourceId: string
  /** See LogicalReader.place. */
  place: string
  settings: Readonly<Record<string, string>>
  databases: readonly string[]
  /** About how much will be copied, for progress. */
  estimateBytes: number
  /** MariaDB: the data directory's own name for log sequence numbers; null on MySQL. */
  lineage: string | null
  /** Its own binary log lacks changes, as a replica's may: a place in it is no moment. */
  unlogged: boolean
  /** MariaDB: of a replica, as far as the account may see them. */
  sources?: readonly SourcePosition[]
  /** What the files will lack, in words: the backup ends with exit 3. */
  findings?: readonly string[]
}

/** A copy on its way. */
export interface PhysicalCopy {
  /**
   * The files, block by block: each file's in order, but the first may come last; files in any order and interleaved.
   * @throws EcomdbError TOOL_FAILED, SERVER_LOST, PRIVILEGE_MISSING, when a program ends before its work is done
   */
  parts(): AsyncIterable<FilePart>
  /**
   * To be called when every part was taken: every program has ended well, and the position.
   * @throws EcomdbError TOOL_FAILED, UNSUPPORTED, NOT_CONSISTENT
   */
  finish(): Promise<PhysicalFacts>
  /** Ends what still runs and removes what was made; never throws. */
  close(): Promise<void>
}

/** A path that comes again after its end is another file, in the place of the first. */
export type FilePart = FileBlock | FileEnd | FileGone

/** A file that has come is none of the copy's: its table was dropped meanwhile. */
export interface FileGone {
  kind: 'gone'
  path: string
}

/** Bytes of a file at a multiple of BLOCK_BYTES; only a file's last block is shorter. */
export interface FileBlock {
  kind: 'block'
  path: string
  offset: number
  /** Valid until `release`. */
  bytes: Buffer
  /** Gives the memory back; every block must be released once. */
  release(): void
}

/** A file or folder is complete. Blocks that did not come are zeros. */
export interface FileEnd {
  kind: 'end'
  /** That of a folder ends with a slash. */
  path: string
  bytes: number
}

export interface PhysicalFacts {
  position: Position
  consistentAt: Date
  copiedBy: string
  lockedMs: number | null
  steps: readonly string[]
  lsn: LogSequence | null
  /** Tables that have no data file on the server. */
  withoutFile: readonly TableName[]
  findings: readonly string[]
}

export interface PrepareOptions {
  /** Folders with the files of each increment, the oldest first. */
  increments: readonly string[]
  workFolder: string
}
