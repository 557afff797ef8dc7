import type { RestoredTrailReport } from '#domain/audit/audit-report'
import type { Check } from '#domain/backup/check'
import type { RestoreStage } from '#domain/backup/restore-plan'
import type { AccountName } from '#domain/schema/service-accounts'
import type { Engine } from '#engine/engine'
import type { WriterOptions } from '#engine/logical-writer'
import type { ConnectOptions, Session } from '#engine/session'
import type { Target } from '#target/target'
import type { TrailKeeper } from '../audit/keep-restored-trail.ts'

/** Where a snapshot is restored to. */
export interface RestorePlace {
  engine: Engine
  connect: ConnectOptions
  /** Signs the restore in the audit trail, where one comes back; absent: nobody does. */
  trail?: TrailKeeper | undefined
}

export interface RestoreOptions {
  /** A snapshot id, an unambiguous beginning of one, or 'latest'. */
  snapshot: string
  /** Of 'latest' and a moment: the server whose it is, where several have their log in the repository. */
  sourceId?: string | undefined
  /** Only these databases; all when undefined. */
  databases?: readonly string[] | undefined
  /** Only these tables, as "database.table", all of one database: with `into`. */
  tables?: readonly string[] | undefined
  /** Another name for the one database that is restored: beside the live one. */
  into?: string | undefined
  /** Must be the name of one of the restored databases; not needed for a dry run. */
  confirm?: string | undefined
  dryRun: boolean
  /** Remove what an interrupted restore made, by its journal, and begin again. */
  startOver: boolean
  /** Continue an interrupted restore, by its journal. */
  resume?: boolean | undefined
  /** Write to the server's binary log. */
  binlog: boolean
  /** Where the server's log may be archived, which has to know of what is not in it; absent: nobody asks. */
  archive?: Target | undefined
  /** User names of programs, whose accounts do not come back locked. */
  services: readonly string[]
  /** Into a server that is thrown away: no table is made outside of its data directory. */
  inside?: boolean | undefined
  /** Connections, for loading and for reading back. */
  connections: number
  /** What follows when the snapshot's content has been proved. */
  sequel?: RestoreSequel | undefined
}

/** A replay of binary logs. Once it has begun, a restore can only be begun again. */
export interface RestoreSequel {
  /** Up to where, for the audit trail. */
  moment: string
  /**
   * May it follow on this server? Reads only.
   * @param own databases that the restore makes, or that an interrupted one made
   * @param made accounts that an interrupted restore made, and that are none of before
   * @returns who may log in before anything is restored
   */
  check(
    session: Session,
    own: readonly string[],
    made: readonly AccountName[],
  ): Promise<readonly AccountName[]>
  /**
   * @param settings of the source, when the snapshot was made
   * @param zone in which the keys of loaded rows were made
   * @param lockedBy the connection that took the restore lock
   */
  run(settings: Readonly<Record<string, string>>, zone: string, lockedBy: number): Promise<void>
}

export interface RestoreReport {
  snapshotId: string
  consistentAt: string
  serverVersion: string
  databases: readonly string[]
  tables: number
  rows: number
  bytes: number
  /** null for a dry run. */
  outcome: RestoreOutcome | null
  /** Every statement, in order, password hashes masked; rows by table. */
  /** `schema`: the database that the statement is run in, where it needs one. */
  plan: readonly { stage: RestoreStage; object: string; schema: string | null; sql: string }[]
  notes: readonly string[]
  /** What somebody has to do before the server is used, in words; the trail has its own. */
  findings: readonly string[]
  /** 'infile', or 'insert' where the server has local_infile off. */
  method: WriterOptions['method']
}

export interface RestoreOutcome {
  /** Until the last object was made. */
  restoreMs: number
  /** For reading all of it back and comparing. */
  readBackMs: number
  checks: readonly Check[]
  /** What its server's log does not have of it, in words. */
  unlogged: readonly string[]
  /** Triggers that were invalid on the source and are not here, or were not while the log was replayed, in words. */
  leftOut: readonly string[]
  /** Foreign keys between what was restored and what was not, with rows that refer to nothing, in words. */
  brokenKeys: readonly string[]
  /** What the server warned of while it took rows that were then found equal. */
  warnings: readonly string[]
  /** Rows that an interrupted restore had loaded already; null when none was continued. */
  continuedRows: number | null
  /** null: no audit trail came back. */
  trail: RestoredTrailReport | null
}
