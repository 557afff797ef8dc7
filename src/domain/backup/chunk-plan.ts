/**
 * Where a table is cut. Borders are multiples of a power of two, from key values alone, so
 * that tomorrow's backup of an append-mostly table has the same chunks as today's, and
 * only the new ones are stored.
 */

/** Bytes of TSV that a chunk should have, give or take the power of two: 11 to 23 MiB. */
const CHUNK_BYTES = 16 * 1024 * 1024
/**
 * The last step of keys, where new rows come, is cut finer by this: a day's rows then cost
 * themselves and half a MiB, and not a chunk of 16. When the step is full it becomes one chunk,
 * stored once more; so a growing table stays at few objects.
 */
const TAIL_PARTS = 16n
/** A parent's step is kept while it is this close to what would be chosen anew. */
const STEP_TOLERANCE = 4n

/** Rows with from <= first key column < to, decimal; null is minus and plus infinity. */
export interface ChunkRange {
  from: string | null
  to: string | null
}

export interface ChunkPlan {
  /** Distance between borders, a sixteenth of it in the last step; null for one range. */
  step: string | null
  /** From minus to plus infinity, without a gap. */
  ranges: readonly ChunkRange[]
}

export interface ChunkFacts {
  /** Of the first key column; null when the key is not an integer, or there are no rows. */
  bounds: { min: bigint; max: bigint } | null
  rows: number
  /** About how many bytes of TSV a row has. */
  rowBytes: number
  /** The step of the snapshot before, decimal. */
  parentStep: string | null
}

export function planChunks(facts: ChunkFacts): ChunkPlan {
  const { bounds } = facts
  if (bounds === null) return { step: null, ranges: [{ from: null, to: null }] }
  const step = chooseStep(bounds, facts)
  const tail = floorTo(bounds.max, step)
  const fine = step > TAIL_PARTS ? step / TAIL_PARTS : 1n
  const borders = [
    ...multiples(step, bounds.min, tail),
    ...(tail > bounds.min
      ? multiples(fine, tail, bounds.max)
      : multiples(fine, bounds.min, bounds.max)),
  ]
  const ends = [null, ...borders.map(String), null]
  const ranges = ends.slice(1).map((to, index) => ({ from: ends[index] ?? null, to }))
  return { step: String(step), ranges }
}

/** Rows of this size are not sampled: that would read as much as a chunk. */
const LARGE_ROW_BYTES = 64 * 1024

/**
 * Bytes of a row as the snapshot before had them, or as the server guesses where rows are
 * large. Its guess at small ones is not used: right after a load it does not know yet how
 * long they are, while it knows how many.
 *
 * @returns null where a sample is better
 */
export function knownRowBytes(
  parent: { rows: number; bytes: number } | undefined,
  estimate: { rows: number; bytes: number },
): number | null {
  if (parent && parent.rows > 0) return parent.bytes / parent.rows
  const guess = estimate.rows > 0 ? estimate.bytes / estimate.rows : 0
  return guess >= LARGE_ROW_BYTES ? guess : null
}

function chooseStep(bounds: { min: bigint; max: bigint }, facts: ChunkFacts): bigint {
  const keys = Number(bounds.max - bounds.min + 1n)
  const rowsPerChunk = CHUNK_BYTES / Math.max(1, facts.rowBytes)
  const keysPerRow = Math.max(1, keys / Math.max(1, facts.rows))
  const exponent = Math.round(Math.log2(rowsPerChunk * keysPerRow))
  const ideal = 2n ** BigInt(Math.min(64, Math.max(0, exponent)))
  const parent = facts.parentStep === null ? null : BigInt(facts.parentStep)
  const close =
    parent !== null && parent <= ideal * STEP_TOLERANCE && ideal <= parent * STEP_TOLERANCE
  return close ? parent : ideal
}

/** Those above `after`, up to `last`, which may be one. */
function multiples(step: bigint, after: bigint, last: bigint): bigint[] {
  const found: bigint[] = []
  for (let at = floorTo(after, step) + step; at <= last; at += step) found.push(at)
  return found
}

/** The largest multiple of `step` that is not above `value`; also for negative keys. */
function floorTo(value: bigint, step: bigint): bigint {
  const rest = value % step
  return rest < 0n ? value - rest - step : value - rest
}
