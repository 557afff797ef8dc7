import type { Reject } from '#domain/load/reject'
import type { RowBatch } from '#domain/load/row-batch'
import type { TableShape } from '#domain/load/table-shape'
import type { ConnectOptions } from './session.ts'

/**
 * Loads rows into tables that are in use: every batch is one transaction with its place in
 * the journal, nothing that is there is changed unasked, and every row that the server does
 * not take is named.
 */
export interface Loader {
  /**
   * @throws EcomdbError SERVER_UNREACHABLE, AUTHENTICATION_REFUSED, PRIVILEGE_MISSING,
   *   UNSUPPORTED (the schema does not exist), LOCKED (another load runs on this schema)
   */
  open(connect: ConnectOptions, options: { lock: boolean }): Promise<LoadSession>
}

/** What to do with a row whose key is there with other content. */
export type OnConflict = 'reject' | 'keep' | 'replace'

export interface BatchCounts {
  /** Rows that were not there and are now. */
  loaded: number
  /** Rows that were there already, equal in every column of the file. */
  present: number
  /** Rows that --on-conflict keep did not load. */
  kept: number
  /** Rows that --on-conflict replace loaded over others. */
  replaced: number
  rejected: number
}

/** A reject as the engine knows it: the file and table are the caller's. */
export type BatchReject = Omit<Reject, 'file' | 'table'>

export interface BatchOutcome extends BatchCounts {
  rejects: readonly BatchReject[]
}

/** How far a file is, as the journal keeps it. */
export interface FileProgress {
  /** Bytes and line up to which records were read. */
  position: number
  line: number
  /** SHA-256 (hex) of the file's first `hashedBytes`, to know the file again. */
  hashedBytes: number
  prefixSha256: string
}

export interface JournalEntry extends FileProgress {
  id: number
  counts: BatchCounts
}

export interface LoadSession {
  /** local_infile: LOAD DATA LOCAL. insert: multi-row INSERT, where the server forbids it. */
  readonly method: 'local_infile' | 'insert'
  /** The tables of the schema, without ecomdb's own. */
  tables(): Promise<TableShape[]>
  /** Loads of this table from a file of this name that did not come to their end, newest first. */
  unfinished(table: string, fileName: string, onConflict: OnConflict): Promise<JournalEntry[]>
  /** Enters a load into the journal; its id. */
  begin(table: string, fileName: string, onConflict: OnConflict): Promise<number>
  /**
   * Loads a batch; rows and journal are committed together or not at all.
   *
   * @param beforeCommit is given what was rejected, kept and replaced; when it throws, nothing is committed
   * @throws EcomdbError SERVER_LOST, SERVER_REFUSED, PRIVILEGE_MISSING: the batch is not loaded
   */
  load(
    batch: RowBatch,
    options: {
      journalId: number
      progress: FileProgress
      onConflict: OnConflict
      /** Rejects that were found before the batch came here; for the journal's count. */
      rejectedBefore: number
      beforeCommit(rejects: readonly BatchReject[]): Promise<void>
    },
  ): Promise<BatchOutcome>
  /** What `load` would do as far as keys and content tell, without changing anything. */
  compare(batch: RowBatch, onConflict: OnConflict): Promise<BatchOutcome>
  /** The file came to its end: the journal keeps the entry as history. */
  finish(journalId: number, progress: FileProgress): Promise<void>
  /** Rows of `table` whose `column` names no row of the other table; NULL names none and is not counted. */
  countOrphans(reference: {
    table: string
    column: string
    referencedTable: string
    referencedColumn: string
  }): Promise<number>
  close(): Promise<void>
  /** Drops the connection at once: the server rolls the batch back that was on its way. */
  cancel(): void
}
