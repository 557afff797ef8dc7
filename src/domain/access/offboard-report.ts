import type { AccountName } from '../schema/service-accounts.ts'
import type { DefinerObject } from './definer-object.ts'
import type { AccountKind } from './person.ts'

/**
 * How a person was taken out: what `ecomdb offboard` did, and its signed receipt. Times are
 * ISO 8601, UTC; lengths are milliseconds from the start.
 */
export interface OffboardReport {
  format: 1
  /** UUIDv7. */
  receiptId: string
  /** Of the repository that it is kept in; null: only on this host. */
  repositoryId: string | null
  person: string
  fullName: string | null
  dryRun: boolean
  startedAt: string
  /** null for a dry run. */
  completedAt: string | null
  /** The user of the host, and the account that it was done with. */
  operator: string
  tool: string
  /** Accounts that stood for the person, with what became of them. */
  accounts: readonly LeaverAccount[]
  servers: readonly ServerEnding[]
  /** Until no account could log in any more. */
  lockedMs: number | null
  /** Until no session was left on any server that was reached. */
  deadMs: number | null
  leasesEnded: readonly { grantId: number; role: string }[]
  /** Rows of the second factor that were removed. */
  secretsRemoved: number
  /** Who owns their programs now. */
  definer: AccountName
  objects: readonly LeaverObject[]
  /** What the new definer got for them, as statements. */
  rights: readonly string[]
  proxiesEnded: readonly { account: AccountName; actsAs: AccountName }[]
  /** Grants that they made and others hold: somebody has to look at these. */
  grantsMade: readonly { grantee: AccountName; on: string; privileges: string }[]
  /** Statements that were run, in order; for a dry run, those that would be. */
  statements: readonly string[]
  steps: readonly { name: string; ms: number }[]
  /** What somebody should look at, in words; nothing of it is the person's access. */
  review: readonly string[]
  /** What is not done, in words. Empty: the person is out, everywhere. */
  outstanding: readonly string[]
}

export interface LeaverAccount extends AccountName {
  kind: AccountKind
  /** Was it on the server when the run began? */
  found: boolean
  dropped: boolean
}

export interface ServerEnding {
  name: string
  /** null: reached. */
  unreachable: string | null
  /** Sessions that were open, and were ended. */
  sessionsEnded: number
  /** Connections that had begun to log in before the lock, and never said who they were. */
  enteringEnded: number
  /** From the start until two looks in a row found none; null: it did not come to that. */
  deadMs: number | null
}

export interface LeaverObject extends DefinerObject {
  outcome: 'planned' | 'rehomed' | 'disabled' | 'failed'
  why: string | null
}

/** Statements of a plan are told, secrets are never in them. */
export function isComplete({ outstanding, dryRun }: OffboardReport): boolean {
  return !dryRun && outstanding.length === 0
}
