import type { ErasureRecord } from './erasure.ts'

/** A checkpoint by its number and the SHA-256 of its file, hexadecimal. */
export interface CheckpointName {
  batch: number
  sha256: string
}

/**
 * What `ecomdb restore` signs and leaves in the trail that it restored, so that the next seal
 * breaks the epoch by itself. It is bound to the newest checkpoints of both sides then: on
 * another database, or once an anchor has gone on, it says nothing.
 */
export interface RestoredTrail {
  format: 1
  /** UUID. */
  restoreId: string
  trail: string
  /** The newest checkpoint of the restored database; null: none. */
  restoredTo: CheckpointName | null
  /** The newest one of any anchor; null: none had one. */
  anchored: CheckpointName | null
  /** ISO 8601, UTC. */
  restoredAt: string
  /** Which snapshot, to which moment. */
  reason: string
  /** Persons of the ledger that it erased again. */
  erasures: readonly ErasureRecord[]
  tool: string
}

/** How a trail and its anchors stand to each other now. */
export interface TrailState {
  trail: string
  newest: CheckpointName | null
  /** The anchor that is further on; null: none is. */
  ahead: CheckpointName | null
}

/** Does the statement explain why the database is as it is? */
export function explains(restored: RestoredTrail, { trail, newest, ahead }: TrailState): boolean {
  if (restored.trail !== trail || !isSame(restored.restoredTo, newest)) return false
  if (ahead) return isSame(restored.anchored, ahead)
  return (restored.anchored?.batch ?? 0) <= (newest?.batch ?? 0)
}

function isSame(one: CheckpointName | null, other: CheckpointName | null): boolean {
  return one?.batch === other?.batch && one?.sha256 === other?.sha256
}
