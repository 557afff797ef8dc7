import type { RecoveryPolicy } from '#domain/retention/recovery-policy'

const HOUR_MS = 3_600_000

/** Keeps the newest snapshot that was verified; what else there is goes at once. */
export const KEEP_NEWEST: RecoveryPolicy & { file: string } = {
  file: 'test',
  objectives: { rpoMs: null, rtoMs: null, drillEveryMs: null },
  retention: {
    ...{ last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 },
    ...{ proof: 'verify', unprovenMs: 0, waitMs: 0, logMs: null },
  },
  brake: { shrinkTo: 0, staleMs: 24 * HOUR_MS, formerServers: [] },
  longestBackupMs: HOUR_MS,
  // Says what runs where: expire does not ask.
  runsOn: {} as never,
  schedule: { timeZone: 'UTC', jobs: new Map() },
  reports: [],
}
