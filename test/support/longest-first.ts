import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * The files that take longest, longest first, of a run on two processors: begun first, so that none
 * of them runs alone at the end. What is not here comes after them.
 */
export const LONGEST: readonly string[] = [
  'cli/docs.test.ts',
  'cli/restore-moment.test.ts',
  'cli/login.test.ts',
  'cli/restore.test.ts',
  'cli/s3.test.ts',
  'cli/audit-restore.test.ts',
  'integration/engine/consistent-point.test.ts',
  'cli/physical.test.ts',
  'harness/sample.test.ts',
  'integration/workflow/restore/drill.test.ts',
  'integration/engine/scratch-server.test.ts',
  'integration/workflow/audit/attacks.test.ts',
  'cli/sandbox.test.ts',
  'cli/archiver-killed.test.ts',
  'cli/backup-binlog.test.ts',
  'cli/report.test.ts',
  'cli/scheduler.test.ts',
  'integration/workflow/restore/fidelity.test.ts',
  'cli/audit.test.ts',
  'fault/workflow/provision/crash.test.ts',
  'fault/load-interrupted.test.ts',
  'cli/load/bad-input.test.ts',
  'cli/quickstart.test.ts',
  'fault/workflow/restore/restore-interrupted.test.ts',
  'cli/package.test.ts',
  'fault/workflow/backup/backup-interrupted.test.ts',
  'integration/workflow/provision/refusals.test.ts',
  'cli/target.test.ts',
  'cli/endings.test.ts',
  'cli/grant.test.ts',
  'cli/runbook.test.ts',
  'cli/copy-loop.test.ts',
  'cli/physical-chain.test.ts',
  'cli/doctor.test.ts',
  'integration/engine/logical-fidelity.test.ts',
  'cli/backup-copy.test.ts',
  'cli/backup-repository.test.ts',
]

/** Vitest's own order knows how long files took only where it keeps a cache, which a fresh machine has not. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex(name => moduleId.endsWith(`/test/${name}`))
      return at < 0 ? LONGEST.length : at
    }
    return files.toSorted((a, b) => place(a) - place(b) || (a.moduleId < b.moduleId ? -1 : 1))
  }
}
