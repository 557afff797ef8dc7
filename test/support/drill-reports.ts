import { checkOf } from '#domain/backup/check'
import type { DrillReport } from '#domain/backup/drill-report'

/** A drill with names that HTML would take for markup. */
export const PASSED: DrillReport = {
  outcome: 'passed',
  repositoryId: 'r',
  target: '/mnt/<backup>',
  snapshotId: 's',
  sourceId: 'server-uid:1',
  method: 'logical',
  engine: 'mariadb',
  sourceVersion: '10.11.1',
  scratchVersion: '10.11.2',
  consistentAt: '2026-11-20T12:00:00.000Z',
  startedAt: '2026-11-20T13:00:00.000Z',
  completedAt: '2026-11-20T13:00:10.000Z',
  databases: ['shop & <b>'],
  rows: 1234567,
  tables: 14,
  objects: 42,
  rowBytes: 1_000_000,
  storedBytes: 500_000,
  rtoMs: 7900,
  rpoMs: 3_600_000,
  objectives: { rtoMs: null, rpoMs: null },
  missed: [],
  stages: [
    { name: 'loading rows', ms: 6000 },
    { name: 'reading <back>', ms: 2000 },
  ],
  checks: [checkOf('rows', '1,234,567 rows', [])],
  signer: null,
  attestationId: null,
}

export const FAILED: DrillReport = {
  ...PASSED,
  outcome: 'failed',
  checks: [checkOf('content', '2 chunks', ['table `<i>`: the rows are not the same'])],
}
