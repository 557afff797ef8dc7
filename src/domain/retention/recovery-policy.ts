import type { HostRoleName, Job } from '../host-role.ts'
import type { MonthlyReportName } from '../report/monthly-report.ts'
import type { Schedule } from '../schedule/job.ts'

/** policies/recovery.yaml with its defaults: what is promised, what is kept, what runs where. */
export interface RecoveryPolicy {
  objectives: {
    /** How much data a disaster may cost, in ms of time; null: nothing is promised. */
    rpoMs: number | null
    /** How long a restore may take, in ms. */
    rtoMs: number | null
    /** How old the newest drill of a server may be, in ms. */
    drillEveryMs: number | null
  }
  retention: RetentionPolicy
  brake: BrakePolicy
  /** A backup that began longer ago than this, in ms, is taken for dead. */
  longestBackupMs: number
  /** Which hosts run which job. */
  runsOn: Readonly<Record<Job, HostRoleName>>
  /** What runs by itself, and when; no jobs where the policy has no schedule. */
  schedule: Schedule
  /** The pages that are made of each month. */
  reports: readonly MonthlyReportName[]
}

/** The classes of grandfather, father and son, the shortest first. */
export const PERIODS = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const
export type Period = (typeof PERIODS)[number]

export interface RetentionPolicy extends Readonly<Record<Period, number>> {
  /** The last so many proven snapshots. */
  last: number
  /** What makes a snapshot count: a passed verify (or drill), or a passed drill. */
  proof: 'verify' | 'drill'
  /** How long a snapshot that is not proven is kept, in ms. */
  unprovenMs: number
  /** Between a tombstone and the removal, in ms. */
  waitMs: number
  /** How far back any moment can be restored by the archived log, in ms; null: to the oldest snapshot. */
  logMs: number | null
}

export interface BrakePolicy {
  /** A snapshot of less than this part of the one before it is an anomaly. */
  shrinkTo: number
  /** So is a server whose newest snapshot is older than this, in ms, */
  staleMs: number
  /** but for these, by source id, which are gone: nothing new is asked of them, and what there is stays. */
  formerServers: readonly string[]
}
