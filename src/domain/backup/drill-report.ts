import type { EngineFamily } from '../engine-family.ts'
import type { Check } from './check.ts'
import type { SnapshotMethod } from './envelope.ts'
import type { UnsteadyRead } from './repository-report.ts'

/** What a drill found. Everything in it was measured or compared; nothing is assumed. */
export interface DrillReport {
  outcome: 'passed' | 'failed'
  repositoryId: string
  /** The target that the snapshot was read from. */
  target: string
  snapshotId: string
  /** Of the server that was backed up. */
  sourceId: string
  method: SnapshotMethod
  /** The snapshot holds some databases only. */
  part?: true
  /**
   * SHA-256 over the hashes of all tables as they were read from the restored server, so that
   * two drills can be compared; a physical drill's only.
   */
  contentSha256?: string
  engine: EngineFamily
  /** VERSION() of the server that was backed up, and of the one that it was restored into. */
  sourceVersion: string
  scratchVersion: string
  /** ISO 8601: the moment that the snapshot shows. */
  consistentAt: string
  startedAt: string
  completedAt: string
  databases: readonly string[]
  rows: number
  tables: number
  /** Tables, views, routines, triggers, events, sequences, accounts and roles. */
  objects: number
  /** Bytes of rows, and of the objects that they were read from. */
  rowBytes: number
  storedBytes: number
  /** From opening the snapshot until the server could be used, its start included. */
  rtoMs: number
  /** How much older than the drill the snapshot's moment is: what would be lost now. */
  rpoMs: number
  objectives: Objectives
  missed: readonly string[]
  stages: readonly TimedStage[]
  checks: readonly Check[]
  /** Who signed the snapshot, and the attestation if there is one. */
  signer: string | null
  attestationId: string | null
  /** Why the signed result could not be stored: retention will not know of it. */
  unattested?: string
  /** Files that were read wrong, and as signed when they were read again; missing: none. */
  unsteady?: readonly UnsteadyRead[]
  /** A second of the window, drawn by lot, that was restored too; where that was asked for. */
  moment?: string | null
  momentTransactions?: number
  /** From opening the repository until the log had been replayed. */
  momentRtoMs?: number | null
}

/** What restoring a second between two snapshots came to. */
export interface MomentDrill {
  /** In UTC; null when there was none that could be restored. */
  moment: string | null
  transactions: number
  rtoMs: number | null
  checks: readonly Check[]
}

/** Was every row compared with what was backed up? A physical snapshot alone does not tell. */
export function comparedRows({ method, checks }: Pick<DrillReport, 'method' | 'checks'>): boolean {
  if (method === 'logical') return true
  return checks.some(({ name, outcome }) => name === 'content' && outcome === 'passed')
}

/** What the policy promises; null where it promises nothing. Milliseconds. */
export interface Objectives {
  rtoMs: number | null
  rpoMs: number | null
}

export interface TimedStage {
  name: string
  ms: number
}

/** Which objectives were missed, in words. */
export function missedObjectives(
  { rtoMs, rpoMs }: Objectives,
  measured: { rtoMs: number; rpoMs: number },
): string[] {
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
  const missed = (name: string, limit: number | null, is: number): string[] =>
    limit !== null && is > limit
      ? [`${name}: ${seconds(is)}, and the objective is ${seconds(limit)}`]
      : []
  return [...missed('RTO', rtoMs, measured.rtoMs), ...missed('RPO', rpoMs, measured.rpoMs)]
}
