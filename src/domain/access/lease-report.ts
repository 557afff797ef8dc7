import type { AccountName } from '../schema/service-accounts.ts'
import type { Lease } from './lease.ts'

/** How far an end is enforced when ecomdb is not there. */
export interface DeadMan {
  /** Is its event there, and on? */
  installed: boolean
  /** Does the server run events? Without, nothing enforces an end but ecomdb's own jobs. */
  scheduler: boolean
}

/** What `ecomdb grant`, `revoke` and `access expire` did. */
export interface LeaseReport {
  dryRun: boolean
  given: readonly Lease[]
  /** Held already: the command did nothing. */
  held: readonly Lease[]
  ended: readonly Lease[]
  /** Statements that were run, or would be. */
  statements: readonly string[]
  accounts: readonly AccountName[]
  sessionsEnded: number
  /** Accounts that the dead-man had locked, and that are open again. */
  unlocked: readonly AccountName[]
  deadMan: DeadMan
  /** What is not as it should be, in words. */
  findings: readonly string[]
}
