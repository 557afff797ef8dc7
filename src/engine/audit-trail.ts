import type { EraseRule } from '#domain/audit/audit-policy'
import type { TranscriptLine } from '#domain/audit/audit-report'
import type { Field } from '#domain/audit/canonical'
import type { Checkpoint } from '#domain/audit/checkpoint'
import type { AuditEvent, Control, EventKind, Layout, LayoutColumn } from '#domain/audit/event'
import type { IdRange } from '#domain/audit/id-ranges'
import type { KeptEvents } from '#domain/audit/kept-events'
import type { EventQuery } from '#domain/audit/listed-event'
import type { RefusedLogins } from '#domain/audit/login-watch'
import type { Seen, ServerChanges } from '#domain/audit/server-watch'
import type { Period } from '#domain/report/period'
import type { ChatsHandled } from '#domain/report/shop-report'
import type { OwnStores } from './own-store.ts'
import type { ConnectOptions, Session } from './session.ts'

/** Which trail a server has, and of what. */
export interface TrailRecord {
  trailId: string
  shopDatabase: string
  layouts: readonly Layout[]
  tables: readonly { table: string; layoutId: number; baselineDone: boolean }[]
}

/** What an installation would do. */
export interface AuditInstallPlan {
  /** Why it cannot be done, in words, each with what helps; then there are no statements. */
  refusals: readonly string[]
  layouts: readonly Layout[]
  /** In order; the ones that drop what is old come after those that make what is new. */
  statements: readonly string[]
  /** Tables of which the rows of before are written down. */
  baselines: readonly Layout[]
}

export interface AuditedTableStatus {
  table: string
  /** trigger missing, other columns than the layout, … ; empty: as it should be. */
  problems: readonly string[]
  layoutId: number | null
  baselineDone: boolean
}

export interface StoredBatch {
  batch: number
  /** The file of the signed checkpoint. */
  statement: Buffer
}

export interface ErasePlace {
  erasureId: string
  database: string
  rules: readonly EraseRule[]
  /** The person's key, as text. */
  key: string
}

/** Ids of events as "1001-1013". */
export interface ErasedPerson {
  rows: readonly { table: string; rows: number }[]
  /** That the erasure made. */
  events: string
  /** That lost their salts. */
  salts: string
}

/** Events of one day (UTC), kind, layout and account. */
export interface RawEventCount {
  day: string
  kind: EventKind
  layout: number
  account: string
  events: number
}

interface StoredLeaves {
  /** The first 8 bytes of every leaf's hash. */
  leaves: Buffer
}

/** What retention has put in the place of a batch's events. */
export interface LeafProof {
  /** The leaf hashes of all its events, 32 bytes each; empty: none of them stays. */
  hashes: Buffer
  /** Ids of its events that stay: "17,30-31". */
  kept: string
}

/** What an erasure did, as it is about to be committed. */
export interface ErasureDone {
  /** That it made, in order. */
  events: readonly AuditEvent[]
  /** Ids of the events whose salts it destroyed. */
  salts: string
}

/** Everything at one moment: a snapshot of its own connection. */
export interface AuditReader {
  /** The server's clock after the snapshot was taken. */
  readonly serverAt: string
  /** By id; of the ranges only, where they are given. */
  events(
    ranges?: readonly (readonly [from: number, to: number | null])[],
  ): AsyncIterable<AuditEvent>
  /** How many of these ids are there. */
  countIn(ranges: readonly IdRange[]): Promise<number>
  /** Ascending. @param from the first that is wanted */
  batches(from?: number): AsyncIterable<StoredBatch>
  /** null: retention has not come to this batch. */
  leafProof(batch: number): Promise<LeafProof | null>
  /** What stays of batches that retention has come to, where something does; by batch. */
  keptEvents(): AsyncIterable<KeptEvents>
  /** Signed records of erasures that no checkpoint says yet; not checked. */
  erasureRecords(): Promise<Buffer[]>
  leaves(batch: number): Promise<Buffer | null>
  /** The fields of every row, in the order of `columns`; none when the table is gone. */
  rows(database: string, table: string, columns: readonly LayoutColumn[]): AsyncIterable<Field[]>
  /** Which of these columns the table has. */
  columnsOf(database: string, table: string): Promise<ReadonlySet<string>>
  /** As AuditTrail.restoredStatements. */
  restoredStatements(): Promise<Buffer[]>
  /** The same in two snapshots between which nobody sealed, and retention ended with no batch. */
  sealedState(): Promise<string>
  close(): Promise<void>
}

/**
 * The audit trail in the server: triggers that write events, and what sealing and verifying
 * read. What an event, a leaf and a checkpoint are is domain code (src/domain/audit).
 */
export interface AuditTrail extends OwnStores {
  /** null: there is none. */
  readTrail(session: Session): Promise<TrailRecord | null>
  /** Makes the store and the trail's record where there is none. */
  ensureTrail(session: Session, database: string, trailId: string): Promise<TrailRecord>
  planInstall(
    session: Session,
    database: string,
    tables: readonly string[],
    /** Write all rows down anew, as they are. */
    baseline: boolean,
  ): Promise<AuditInstallPlan>
  /** Writes the layouts down, then runs the statements. */
  install(session: Session, plan: AuditInstallPlan): Promise<void>
  /** Writes every row of a table down, in pieces. @returns the rows */
  writeBaseline(session: Session, database: string, layout: Layout): Promise<number>
  /** Where a table of the trail is; `shop` has those of the policy. */
  placeOf(session: Session, shop: string, table: string): { database: string; name: string }
  status(
    session: Session,
    database: string,
    tables: readonly string[],
  ): Promise<AuditedTableStatus[]>
  /** The statements that stop the audit; the trail stays. */
  uninstallStatements(session: Session, database: string): Promise<string[]>
  run(session: Session, statement: string): Promise<void>
  /**
   * What was said in a chat, by the procedure that writes the reader and the reason down.
   * @throws EcomdbError PRIVILEGE_MISSING; SCHEMA_MISSING without the audit
   */
  readTranscript(session: Session, chat: string, reason: string): Promise<TranscriptLine[]>
  /** How many chats each representative handled, by a procedure as that of readTranscript. */
  readChatsHandled(
    session: Session,
    representativeId: string | null,
    period: Period,
    reason: string,
  ): Promise<ChatsHandled[]>
  /** Makes this session the only one that seals. @throws EcomdbError LOCKED */
  lockSealer(session: Session): Promise<void>
  unlockSealer(session: Session): Promise<void>
  /** When the oldest transaction of others began, by the server's clock; null: none runs. */
  oldestTransaction(session: Session): Promise<string | null>
  /** What must not change unseen beside the rows. */
  controls(session: Session, trail: TrailRecord): Promise<Control[]>
  /** What the sealer saw last of what it watches. */
  seen(session: Session): Promise<Seen>
  /** Writes the sealer's events and what it is to remember; both, or neither. */
  recordSeen(session: Session, changes: ServerChanges): Promise<void>
  /** Logins that the server refused, as far as it tells. */
  refusedLogins(session: Session): Promise<RefusedLogins>
  openReader(options: ConnectOptions): Promise<AuditReader>
  lastBatch(session: Session): Promise<StoredBatch | null>
  readBatch(session: Session, batch: number): Promise<{ statement: Buffer; leaves: Buffer } | null>
  /** What `ecomdb restore` signed of this trail, the newest first; not checked. */
  restoredStatements(session: Session): Promise<Buffer[]>
  /** Batches up to this one whose removal has not ended; ascending. */
  removalsLeft(session: Session, upTo: number): Promise<number[]>
  /** In the place of what a run that was cut short has left. */
  storeLeafProof(session: Session, batch: number, proof: LeafProof): Promise<void>
  /** @returns how many there were */
  removeEvents(session: Session, ranges: readonly IdRange[]): Promise<number>
  /** All that goes of this batch is gone. @param stays some of it is needed, and so is its proof */
  endRemoval(session: Session, batch: number, stays: boolean): Promise<void>
  /** @throws EcomdbError UNSUPPORTED for a rule with a column that is not there or cannot be emptied */
  requireErasable(session: Session, database: string, rules: readonly EraseRule[]): Promise<void>
  /** How many rows are a person's. */
  countPerson(
    session: Session,
    place: Omit<ErasePlace, 'erasureId'>,
  ): Promise<{ table: string; rows: number }[]>
  /** The keys that the server takes `key` for in the first rule's table, two at most: 5 for "5x". */
  personKeys(session: Session, place: Omit<ErasePlace, 'erasureId'>): Promise<string[]>
  /**
   * Empties them and destroys the salts of their events, in one transaction with the record of it.
   * @param sign makes the signed record of what was done
   */
  erasePerson(
    session: Session,
    place: ErasePlace,
    sign: (done: ErasureDone) => Uint8Array,
  ): Promise<ErasedPerson>
  /** A checkpoint says what these erasures did. */
  forgetErasureRecords(session: Session, erasureIds: readonly string[]): Promise<void>
  /** From now on this session writes nothing to the binary log. */
  leaveOutOfBinlog(session: Session): Promise<void>
  storeRestored(session: Session, restoreId: string, statement: Uint8Array): Promise<void>
  /** The batch of this number, or the next that there is; null: the newest. */
  batchFrom(session: Session, batch: number | null): Promise<(StoredBatch & StoredLeaves) | null>
  /** The newest events that a query lets through, newest first. */
  newestEvents(session: Session, query: EventQuery): Promise<AuditEvent[]>
  /** How many events there are from a time until, and without, another. */
  countEvents(session: Session, since: string, until: string): Promise<RawEventCount[]>
  /** The person behind each of these users, where the access store knows one. */
  personsOf(session: Session, users: readonly string[]): Promise<ReadonlyMap<string, string>>
  /** The users that a person has or had. */
  usersOf(session: Session, person: string): Promise<string[]>
  /** @param shorter lists of what stays of batches before that its root is over: both, or neither */
  storeBatch(
    session: Session,
    batch: Pick<Checkpoint, 'batch'>,
    statement: Uint8Array,
    leaves: Uint8Array,
    shorter: readonly KeptEvents[],
  ): Promise<void>
}
