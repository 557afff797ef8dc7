/** The stages of a restore, in the order in which they run. */
export const RESTORE_STAGES = [
  'removal',
  'databases',
  'accounts',
  'sequences',
  'tables',
  'rows',
  'indexes',
  'foreign keys',
  'statistics',
  'routines',
  // Before the views: one that reads another is checked with its definer's rights.
  'grants',
  'views',
  'triggers',
  'events',
] as const

export type RestoreStage = (typeof RESTORE_STAGES)[number]

/** What an interrupted restore made, by its journal: to be removed before a new start. */
export interface MadeObjects {
  databases: readonly string[]
  accounts: readonly { user: string; host: string; kind: 'account' | 'role' }[]
}

/** One statement of a restore: the same value is printed and executed. */
export interface RestoreStatement {
  stage: RestoreStage
  /** What it makes, for messages: "view `shop`.`monthly_volume`". */
  object: string
  /** Of a table: its place in `manifest.tables`; else null. */
  table: number | null
  sql: string
  /** `sql` with password hashes masked. */
  shown: string
  /** USE this first; null where the statement needs none. */
  schema: string | null
  /** Session settings that it was created under; null takes the restore's own. */
  context: ProgramContext | null
  /** Of a table for which the server computes values of dates: see computesOfDates. */
  computes?: boolean
  /** In which it is run; absent for UTC, in which rows are loaded. */
  timeZone?: string
  /** The source could not use it either, or what it needs is the server's own: it may be refused. */
  mayFail?: true
  /** It may be refused only where what it is on is not there. */
  isGrant?: true
  /** Of a grant: the object whose statement, where it was refused, takes this one with it. */
  on?: string
}

/** A grant, or a column of one, that the server did not take. */
export interface RefusedGrant {
  grant: string
  /** The server's reason. */
  why: string
}

/** What a stored program remembers of the session that created it. */
export interface ProgramContext {
  sqlMode: string
  characterSetClient: string
  collationConnection: string
  timeZone: string
  /** Seconds since 1970 that the session takes for now; absent for the server's clock. */
  timestamp?: number
  /** What parameters have that name no character set; absent for that of the routine's database. */
  sessionCollation?: string
  /** A setting of the source that tells which collation a character set has; absent for the server's own. */
  defaultCollation?: { name: string; value: string } | undefined
}

/** What a restore will do, in order. The rows come between 'tables' and 'indexes'. */
export interface RestorePlan {
  statements: readonly RestoreStatement[]
  /** Tables whose rows are loaded: their place in `manifest.tables`. */
  tables: readonly number[]
  rows: number
  /** Bytes of TSV. */
  bytes: number
  /** What the statements make that was not there: the journal keeps it. */
  makes: MadeObjects
  /** Accounts that come back locked. */
  locked: readonly { user: string; host: string }[]
  /** Accounts that were there already and are left as they are. */
  kept: readonly { user: string; host: string }[]
  /** Privileges that the server does not know, and that are granted to nobody. */
  unknownPrivileges: readonly string[]
  /** What the plan leaves out or changes, in words: accounts that exist already, … */
  notes: readonly string[]
}
