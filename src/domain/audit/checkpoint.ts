import type { Control } from './event.ts'
import type { IdRange } from './id-ranges.ts'
import { parseRanges, rangesText, subtractRanges } from './id-ranges.ts'

/** The signed head of the trail after one batch (docs/audit-format.md). */
export interface Checkpoint {
  format: 1
  /** UUID of the trail, made by the installation. */
  trail: string
  /** From 1, without holes. */
  batch: number
  /** From 1; one more after every restore. */
  epoch: number
  /** SHA-256 of the file of the checkpoint before, hexadecimal; null of the first. */
  previous: string | null
  /** The sealing host's clock, ISO 8601, UTC. */
  sealedAt: string
  /** The server's clock at the same time: 2014-03-19 10:00:00.123456, UTC. */
  serverAt: string
  /** The events of this batch. */
  events: string
  count: number
  /** RFC 6962, hexadecimal: the events in the order of their ids, then the controls. */
  root: string
  /** SHA-256 of the file of leaf prefixes, hexadecimal. */
  leavesSha256: string
  controls: readonly Control[]
  /** The highest id of any batch so far. */
  sealedTo: number
  /** Ids below that which no event had: of transactions that ran on, or were rolled back. */
  open: readonly OpenIds[]
  /** A person says that what changed since the batch before, and rows of a baseline, are meant. */
  accept: string | null
  /** This batch is the first after a restore. */
  epochBreak: EpochBreak | null
  /** Batches whose events were removed, as retention wants: "1-20". */
  pruned: string
  /** The root over what stayed of them (KeptTree), hexadecimal; empty: nothing was removed. */
  kept: string
  tool: string
}

export interface OpenIds {
  ids: string
  /** The server's clock when they were seen to be missing. */
  seen: string
}

/** The database was put back to an earlier state, and somebody says why. */
export interface EpochBreak {
  /** The newest batch that the restored database has; 0: none. */
  restoredTo: number
  /** Batches after that, which the restore has lost: "7-9"; their checkpoints are in the anchors. */
  lost: string
  reason: string
  /** The restore of ecomdb that says so; null: a person. */
  restoreId: string | null
}

/** @throws RangeError when it is not of this form; only what was signed comes here */
export function checkpointOf(value: unknown): Checkpoint {
  const checkpoint = value as Checkpoint
  if (checkpoint?.format !== 1 || !Number.isInteger(checkpoint.batch)) {
    throw new RangeError('it is no checkpoint of format 1')
  }
  parseRanges(checkpoint.events)
  parseRanges(checkpoint.pruned ?? '')
  // One of before there was retention says nothing of it.
  return { ...checkpoint, pruned: checkpoint.pruned ?? '', kept: checkpoint.kept ?? '' }
}

/** What retention has removed: events of all batches up to one, but those that the root is over. */
export interface Pruned {
  /** 0: nothing. */
  upTo: number
  kept: string
}

export function prunedOf(checkpoint: Pick<Checkpoint, 'pruned' | 'kept'> | null): Pruned {
  const [, upTo] = parseRanges(checkpoint?.pruned ?? '').at(-1) ?? [0, 0]
  return { upTo, kept: checkpoint?.kept ?? '' }
}

/** Where a seal begins: what the batch before has left open. */
export interface SealStart {
  sealedTo: number
  open: readonly OpenIds[]
}

export const NOTHING_SEALED: SealStart = { sealedTo: 0, open: [] }

/**
 * The ids that stay open after a batch. An id that no event has belongs to a transaction that
 * has not ended, or was rolled back. It is given up when every transaction that runs now began
 * after the id was missed, since then its own has ended, and a snapshot taken after that look
 * did not have it.
 *
 * @param oldest when the oldest transaction began, asked before the snapshot was taken; null:
 *   none ran. The server's clock
 * @param found ids that the snapshot had
 */
export function nextState(
  state: SealStart,
  found: readonly IdRange[],
  serverAt: string,
  oldest: string | null,
): SealStart {
  const sealedTo = Math.max(state.sealedTo, found.at(-1)?.[1] ?? 0)
  const open = state.open.flatMap(({ ids, seen }) => {
    const ended = seen < (oldest ?? serverAt)
    const left = ended ? [] : subtractRanges(parseRanges(ids), found)
    return left.length ? [{ ids: rangesText(left), seen }] : []
  })
  const missed =
    sealedTo > state.sealedTo ? subtractRanges([[state.sealedTo + 1, sealedTo]], found) : []
  return {
    sealedTo,
    open: missed.length ? [...open, { ids: rangesText(missed), seen: serverAt }] : open,
  }
}

/** A name that sorts as the number does. */
export function checkpointName(batch: number): string {
  return `${String(batch).padStart(10, '0')}.json`
}

export function leavesName(batch: number): string {
  return `${String(batch).padStart(10, '0')}.leaves`
}

/** Bytes that are kept of each leaf's hash, to name the event that was edited. */
export const LEAF_PREFIX = 8
