import type { LogPlace } from './stretch.ts'

/** What a restore to a moment replays after its snapshot. */
export interface ReplayReport {
  /** The moment that was asked for, in words; a time is in UTC. */
  moment: string
  /** Was the snapshot verified or drilled before? null: never. */
  proven: string | null
  start: LogPlace
  /** Exclusive. */
  stop: LogPlace
  segments: number
  /** Bytes of the server's files. */
  bytes: number
  transactions: number
  /** The last transaction that is replayed, and the first one that is not. */
  last: ReplayedTransaction | null
  next: ReplayedTransaction | null
  /** Why `next` is not known, in words; both are null where the archived log ends. */
  nextUnknown: string | null
  /** null for a dry run. */
  outcome: ReplayOutcome | null
}

export interface ReplayedTransaction {
  gtid: string | null
  /** ISO 8601, with microseconds. */
  committedAt: string
}

export interface ReplayOutcome {
  fetchMs: number
  replayMs: number
  /** Session accounts of the broker, dropped afterwards. */
  sessions: readonly string[]
  /** Accounts of people that the log made or opened, locked afterwards. */
  locked: readonly string[]
  /** Events that the log made or enabled, disabled afterwards. */
  events: readonly string[]
}
