import type { ChunkRange } from '#domain/backup/chunk-plan'
import type {
  AccountEntry,
  ColumnEntry,
  ConsistencyProof,
  DatabaseEntry,
  KeyEntry,
  PluginEntry,
  ProbeEntry,
  ProgramEntry,
  ServerObjectEntry,
  SpatialReferenceEntry,
} from '#domain/backup/manifest'
import type { TableName } from '#domain/backup/physical-manifest'
import type { Position } from '#domain/backup/position'
import type { ConnectOptions, Session } from './session.ts'

/**
 * Reads a server's rows and objects for a logical backup, and a restored server's rows to
 * prove that they came back. Row bytes go from the server's text protocol to LOAD DATA's
 * default text format (tab, newline, backslash escapes, \N) without ever being JavaScript
 * strings, numbers or dates. Both ways of opening print the same rows as the same bytes.
 */
export interface LogicalReader {
  /**
   * All readers and objects at one point in time. The locks it takes are gone again when
   * the promise settles, whether it resolves or rejects.
   *
   * @throws EcomdbError NOT_CONSISTENT (a statement that does not end, objects that change
   *   all the time), UNSUPPORTED (tables that cannot be read consistently, by name),
   *   PRIVILEGE_MISSING, LOCKED (another backup of this server runs), SERVER_UNREACHABLE
   */
  openConsistent(options: ConsistentOptions): Promise<ConsistentPoint>
  /** Readers without locks and without a common point, e.g. to read a restored server back. */
  openQuiet(options: QuietOptions): Promise<RowReader>
  /** Which server this is: the same for every backup of it. */
  sourceId(session: Session): Promise<string>
  /** Where it runs: its host's name, and its data directory. */
  place(session: Session): Promise<string>
  /**
   * What `openConsistent` would do, without doing it.
   * @throws EcomdbError as `openConsistent`, as far as it can be seen beforehand
   */
  preview(
    session: Session,
    databases: readonly string[] | null,
  ): Promise<{ catalog: Catalog; steps: readonly string[] }>
  /**
   * Databases, tables, programs and accounts as they are now. Changes the session's database.
   * @param without tables that nobody can read, and perhaps not even describe
   */
  readCatalog(
    session: Session,
    databases: readonly string[] | null,
    without?: readonly TableName[],
  ): Promise<Catalog>
  /**
   * Runs a recorded probe now; its answer in the same form as `ProbeEntry.answer`.
   * @param source settings of the server that gave that answer, as far as they are known
   */
  answerProbe(
    session: Session,
    probe: Omit<ProbeEntry, 'answer'>,
    source: Readonly<Record<string, string>>,
  ): Promise<string>
  /** Does a probe ask for values that the server has computed itself, of the rows that were loaded? */
  asksForComputed(probe: Pick<ProbeEntry, 'sql'>): boolean
}

export interface QuietOptions {
  connect: ConnectOptions
  /** Connections, each with a worker thread. */
  readers: number
}

export interface ConsistentOptions extends QuietOptions {
  /** null: all but the server's own. */
  databases: readonly string[] | null
  /** Statements older than this, in seconds, are waited for before locking. Default 10. */
  longStatementSeconds?: number
  /** How long to wait for them, in seconds, before giving up. Default 60. */
  waitSeconds?: number
  /** Writers never wait longer than this for one attempt at the lock. Default 2. */
  lockSeconds?: number
  /** Writers to tables without transactions never wait longer than this. Default 60. */
  holdSeconds?: number
  /** What the snapshot says that it is of: another answer is another server, NOT_CONSISTENT. */
  sourceId?: string
  /** Is told what is being done, in words. */
  onStep?: (step: string) => void
}

/** What must be known of a table to read its rows; a manifest's TableEntry is one. */
export interface ReadableTable {
  schema: string
  name: string
  key: KeyEntry | null
  columns: readonly ColumnEntry[]
  /** MariaDB: rows that were are rows too, with their times among the columns. */
  history?: true
  storageEngine?: string
}

export type KeyRange = ChunkRange

export const WHOLE_TABLE: KeyRange = { from: null, to: null }

/** At most 1 MiB of whole rows; a larger row takes several blocks and counts in its last. */
export interface RowBlock {
  /** TSV. Valid until `release`. */
  readonly bytes: Uint8Array
  readonly rows: number
  /** For tables without a key: the sum of the rows (src/domain/backup/row-sum.ts); else null. */
  readonly rowSum: bigint | null
  /**
   * Gives the memory back; every block must be released, in any order. A reader holds a
   * handful of blocks and pauses the server's stream while all of them are out.
   */
  release(): void
}

/**
 * The rows of a RowBlock, compressed and hashed where they were read; at last the hashes of
 * all of them.
 */
export type PackedRows =
  | {
      kind: 'block'
      /** One zstd frame, in memory of its own. */
      frame: Uint8Array
      /** Of TSV. */
      bytes: number
      rows: number
      rowSum: bigint | null
      /** SHA-256 of the TSV of the piece that ends with this block; null where none ends. */
      pieceSha256: Uint8Array | null
    }
  | {
      kind: 'end'
      /** SHA-256 of all the TSV. */
      chunkSha256: Uint8Array
      /** Of the last piece, when it was smaller than asked for and not empty. */
      pieceSha256: Uint8Array | null
    }

/** Connections to one server, each with a worker thread; closed by `close`. */
export interface RowReader {
  readonly readers: number
  /**
   * Rows of one range in key order (any order for a table without a key). Waits for a free
   * connection; as many chunks as there are readers are read at a time. Leaving the loop
   * early is allowed.
   *
   * @throws EcomdbError SERVER_LOST, SERVER_REFUSED, NOT_CONSISTENT (the table's definition
   *   is not what it was at the consistent point)
   */
  readChunk(table: ReadableTable, range: KeyRange): AsyncIterable<RowBlock>
  /**
   * Ranges that follow one another, read by one statement, compressed and hashed in the
   * reader's thread. A piece ends with the block that reaches `pieceBytes` of TSV. Each
   * range ends with an item of kind 'end', also when there is no row in it.
   *
   * @param ranges more than one only of a table for which `readsSpans` is true
   * @throws EcomdbError as `readChunk`; NOT_CONSISTENT when the server has sent more or
   *   fewer rows than have arrived, by its own count
   */
  readPacked(
    table: ReadableTable,
    ranges: readonly KeyRange[],
    pieceBytes: number,
  ): AsyncIterable<PackedRows>
  /** COUNT(*), in the snapshot where there is one. */
  countRows(table: ReadableTable): Promise<number>
  /** About how many bytes of TSV a row has, from some rows at both ends; null without rows. */
  sampleRowBytes(table: ReadableTable): Promise<number | null>
  /** Smallest and largest value of an integer key's first column; null for an empty table. */
  keyBounds(table: ReadableTable): Promise<{ min: bigint; max: bigint } | null>
  /** Ends all connections and threads; never throws. */
  close(): Promise<void>
}

export interface ConsistentPoint extends RowReader {
  readonly position: Position
  /** ISO 8601: when the snapshots of all readers were open. */
  readonly consistentAt: string
  readonly catalog: Catalog
  readonly probes: readonly ProbeEntry[]
  /** Things a person should know that do not stop the backup. */
  readonly warnings: readonly string[]
  /** What a restore will not bring back as it is here, in words. */
  readonly findings: readonly string[]
  /**
   * Tables of the catalog without transactions: nobody writes to them until `release`, so
   * they are read first.
   */
  readonly held: readonly CatalogTable[]
  /**
   * Lets writers to them go on.
   * @throws EcomdbError NOT_CONSISTENT when they were not held all the time
   */
  release(): Promise<void>
  /**
   * To be called after the last chunk: compares all definitions again.
   * @throws EcomdbError NOT_CONSISTENT
   */
  finish(): Promise<ConsistencyProof>
}

/** What a server holds besides rows. */
export interface Catalog {
  serverVersion: string
  /** The same for every backup of the same server. */
  sourceId: string
  settings: Readonly<Record<string, string>>
  databases: readonly DatabaseEntry[]
  tables: readonly CatalogTable[]
  /**
   * In an order that can be created: sequences (before the tables, whose defaults may use
   * them), functions, procedures, views by dependency; then, once the rows are in,
   * triggers by order and events.
   */
  programs: readonly ProgramEntry[]
  accounts: readonly AccountEntry[]
  spatialReferences: readonly SpatialReferenceEntry[]
  serverObjects: readonly ServerObjectEntry[]
  plugins: readonly PluginEntry[]
  /** As in the manifest. */
  timeZones: readonly string[]
}

export interface CatalogTable extends ReadableTable {
  /** SHOW CREATE TABLE, byte for byte. */
  create: string
  storageEngine: string
  /** As in the manifest. */
  statistics?: readonly string[]
  /** The server's own guess; only for planning. */
  estimate: { rows: number; bytes: number }
  /** CREATE_TIME, to the second, e.g. "2026-11-20 23:09:42", UTC; both engines renew it with every ALTER and TRUNCATE. */
  createdAt: string | null
}

/** May several ranges of this table be read at once? The border is then seen in each row. */
export function readsSpans({ key, columns }: ReadableTable): boolean {
  return key?.kind === 'integer' && columns[0]?.name === key.columns[0]
}
