/** The stages of a restore, in the order in which they run. */
export const RESTORE_STAGES = [
  'databases',
  'accounts',
  'sequences',
  'tables',
  'rows',
  'indexes',
  'foreign keys',
  'routines',
  'views',
  'triggers',
  'events',
  'grants',
] as const

export type RestoreStage = (typeof RESTORE_STAGES)[number]

/** One statement of a restore: the same value is printed and executed. */
export interface RestoreStatement {
  stage: RestoreStage
  /** What it makes, for messages: "view `shop`.`monthly_volume`". */
  object: string
  sql: string
  /** `sql` with password hashes masked. */
  shown: string
  /** USE this first; null where the statement needs none. */
  schema: string | null
  /** Session settings that it was created under; null takes the restore's own. */
  context: ProgramContext | null
}

/** What a stored program remembers of the session that created it. */
export interface ProgramContext {
  sqlMode: string
  characterSetClient: string
  collationConnection: string
  timeZone: string
}

/** What a restore will do, in order. The rows come between 'tables' and 'indexes'. */
export interface RestorePlan {
  statements: readonly RestoreStatement[]
  /** Tables whose rows are loaded: their place in `manifest.tables`. */
  tables: readonly number[]
  rows: number
  /** Bytes of TSV. */
  bytes: number
  /** What the plan leaves out or changes, in words: accounts that exist already, … */
  notes: readonly string[]
}
