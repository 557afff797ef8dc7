import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The files that take longest, or that are what the project is for: of every run. Begun first, so that none runs alone at the end. */
export const FIRST: readonly string[] = [
  'integration/engine/consistent-point.test.ts',
  'cli/docs.test.ts',
  'cli/restore-moment.test.ts',
  'cli/physical-base.test.ts',
  'cli/backup-binlog.test.ts',
  'cli/physical.test.ts',
  'cli/restore.test.ts',
  'harness/sample.test.ts',
]

/** The others of which each takes more than 20 seconds, longest first. */
export const LONG: readonly string[] = [
  'cli/physical-ddl.test.ts',
  'cli/login.test.ts',
  'cli/backup-copy.test.ts',
  'cli/replay-findings.test.ts',
  'integration/workflow/audit/attacks.test.ts',
  'integration/workflow/restore/drill.test.ts',
  'cli/audit-restore.test.ts',
  'cli/log-retention.test.ts',
  'cli/target.test.ts',
  'cli/log-lacks.test.ts',
  'integration/workflow/expire-locked.test.ts',
  'integration/target/s3-pages.test.ts',
  'integration/engine/scratch-server.test.ts',
  'cli/replay-sessions.test.ts',
  'cli/s3.test.ts',
  'integration/workflow/restore/server-limits.test.ts',
  'integration/workflow/restore/target-settings.test.ts',
  'integration/repository/restore-recipe-log.test.ts',
  'cli/backup-repository.test.ts',
  'cli/backup-expire.test.ts',
  'integration/workflow/restore/fidelity.test.ts',
  'fault/physical-faults.test.ts',
  'cli/replay-unlogged.test.ts',
  'cli/schedule.test.ts',
  'fault/workflow/restore/restore-interrupted.test.ts',
  'cli/log-names.test.ts',
  'cli/log-holes.test.ts',
  'cli/sandbox.test.ts',
  'cli/package.test.ts',
  'cli/replica-log.test.ts',
  'cli/physical-chain.test.ts',
  'cli/runbook.test.ts',
  'cli/renamed-log.test.ts',
  'cli/physical-places.test.ts',
  'cli/key.test.ts',
  'cli/audit.test.ts',
  'cli/replica-lacks.test.ts',
  'integration/workflow/backup/prepared-xa.test.ts',
  'cli/replay-crash.test.ts',
  'integration/target/s3-faults.test.ts',
  'fault/workflow/backup/backup-interrupted.test.ts',
  'cli/hosts.test.ts',
  'cli/report.test.ts',
  'cli/endings.test.ts',
  'cli/scheduler.test.ts',
  'fault/load-interrupted.test.ts',
]

/** The others are begun in three shares, another one first each two days: bounded-runner.ts may not come to the last. */
const SHARES = 3

/** Vitest's own order knows how long files took only where it keeps a cache, which a fresh machine has not. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // Set by vitest.config.ts, which imports this.
    const day = Number(process.env['ECOMDB_TEST_DAY'])
    const named = files.map(({ moduleId }) => moduleId.replace(/^.*\/test\//, '')).sort()
    const place = ({ moduleId }: TestSpecification): [number, number] => {
      const name = moduleId.replace(/^.*\/test\//, '')
      const first = FIRST.indexOf(name)
      if (first >= 0) return [0, first]
      const long = LONG.indexOf(name)
      const share = (named.indexOf(name) + Math.floor(day / 2)) % SHARES
      return [1 + share, long < 0 ? LONG.length + named.indexOf(name) : long]
    }
    return files
      .map(file => ({ file, place: place(file) }))
      .toSorted((a, b) => a.place[0] - b.place[0] || a.place[1] - b.place[1])
      .map(({ file }) => file)
  }
}
