import type { EpochBreak } from './checkpoint.ts'
import type { Finding, FindingKind } from './finding.ts'
import type { SealAge } from './seal-age.ts'

/** What `ecomdb audit install` did, or would do. */
export interface AuditInstallReport {
  database: string
  /** The database of the trail. */
  store: string
  dryRun: boolean
  statements: readonly string[]
  tables: readonly string[]
  /** Rows of before that were written down. */
  baselines: readonly { table: string; rows: number }[]
}

export interface AuditUninstallReport {
  database: string
  statements: readonly string[]
  done: boolean
}

export interface AuditStatusReport {
  database: string
  store: string
  /** null: nothing is audited yet. */
  trailId: string | null
  tables: readonly {
    table: string
    problems: readonly string[]
    layoutId: number | null
    baselineDone: boolean
  }[]
  /** Tables that are audited, and that the policy does not name. */
  notInPolicy: readonly string[]
  /** Somebody is trusted here to sign checkpoints; else nothing is known of the seal. */
  signersTrusted: boolean
  /** The newest checkpoint; null: nothing is sealed, or not known. */
  sealed: { batch: number; sealedAt: string; sealedTo: number; rightsWatched: boolean } | null
  /** How old it is, against the policy; null: not known, or nothing is audited. */
  sealAge: SealAge | null
  /** How many anchors the policy wants that this host, which seals, does not have. */
  missingAnchors: number
}

/** What one run of `ecomdb audit seal` did. */
export interface SealReport {
  trailId: string
  batches: number
  events: number
  /** The newest checkpoint; null before the first. */
  head: { batch: number; sha256: string; sealedAt: string; epoch: number } | null
  epochBreak: EpochBreak | null
  anchors: readonly { label: string; put: number; failed: string | null }[]
  /** The sealer may read the rights of all accounts, and so says what changes of them. */
  rightsWatched: boolean
  /** Records of erasures that are not believed, and so are sealed by nobody, in words. */
  refused: readonly string[]
}

export interface VerifyReport {
  trailId: string
  database: string
  /** The server, or the export's file. */
  source: string
  /** When the rows were read; the server's clock. */
  readAt: string
  checked: { batches: number; events: number; rows: number; unsealed: number }
  anchors: readonly { label: string; batches: number }[]
  /** What is not as it was, and was signed: restores, erasures, retention; in words. */
  told: readonly string[]
  /** What could not be checked, in words. */
  notes: readonly string[]
  counts: Partial<Record<FindingKind, number>>
  findings: readonly Finding[]
  /** A signature or a root does not hold. */
  broken: boolean
}

/** What `ecomdb restore` did for the trail that it restored. */
export interface RestoredTrailReport {
  trailId: string
  /** The newest batch of the restored database, and of the anchors; 0: none. */
  restoredTo: number
  anchored: number
  /** The next seal breaks the epoch by itself; null: it could not be signed, and a finding says why. */
  restoreId: string | null
  /** Persons of the erasure ledger that were erased again. */
  erased: number
  /** What could not be signed, looked for or repeated, and what to do then; in words. */
  findings: readonly string[]
}

/** What `ecomdb audit export` wrote. */
export interface ExportReport {
  file: string
  trailId: string
  /** When everything was read; the server's clock. */
  readAt: string
  batches: number
  events: number
  rows: number
}

/** One message of `ecomdb chat transcript`. */
export interface TranscriptLine {
  messageId: string
  /** As the database has it; no time zone. */
  at: string
  author: 'customer' | 'support'
  name: string
  text: string | null
}
