import type { RefusedGrant } from './restore-plan.ts'

/** What a restore changes on purpose. */
export interface ExpectedChanges {
  /** Only these databases were restored; null for all. */
  databases: readonly string[] | null
  eventsDisabled: boolean
  /** The server was started on data files, which have AUTO_INCREMENT values of their own. */
  dataFiles?: boolean
  /** With `dataFiles`: tables whose rows are in no file. Their definitions are. */
  notInFiles?: readonly { schema: string; name: string }[]
  /** Into a private server, which has no key: tables that were encrypted are in the clear. */
  inTheClear?: boolean
  /** Accounts and grants were restored. */
  accounts: boolean
  /** Accounts that came back locked. */
  locked: readonly { user: string; host: string }[]
  /** Accounts that were there before and were left alone. */
  kept: readonly { user: string; host: string }[]
  /** Privileges that the server does not know, in whose place nothing was granted. */
  unknownPrivileges: readonly string[]
  /** What the server did not take, for what it is on is not there. */
  refusedGrants: readonly RefusedGrant[]
}
