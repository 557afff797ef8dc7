import type { SnapshotEnvelope } from '../backup/envelope.ts'
import { momentOfEnd } from '../binlog/moment-of-end.ts'
import type { StretchBegin } from '../binlog/segment.ts'
import { endOf, type Stretch } from '../binlog/stretch.ts'
import { isStart, segmentOfSnapshot } from '../binlog/window.ts'
import { FORCE_MS } from './tombstone.ts'

/**
 * The signed notice that the beginning of a stretch of the archived log is to go, and then that it has
 * gone: with it a reader begins behind it, and without it what is missing there is missing (docs/formats.md).
 */
export interface LogTrim {
  format: 1
  repositoryId: string
  sourceId: string
  stretchId: string
  /** The number of the last segment that goes; with it a file of the server ends. */
  through: number
  /** Hex SHA-256 of that segment's envelope: the next one names it. */
  sha256: string
  /** Why the stretch began, as its first segment said. */
  begins: StretchBegin
  /** The copy that it is about; null: the repository that backups go to. */
  copyId: string | null
  /** ISO 8601, UTC. */
  at: string
  /** Not before. */
  removeAfter: string
  tool: string
}

/** Has a signed payload the shape of a notice of format 1? */
export function isLogTrim(value: unknown): value is LogTrim {
  if (typeof value !== 'object' || value === null) return false
  const { through, begins, ...rest } = value as Record<string, unknown>
  const texts = ['repositoryId', 'sourceId', 'stretchId', 'sha256', 'at', 'removeAfter']
  return (
    Number.isSafeInteger(through) &&
    typeof begins === 'object' &&
    begins !== null &&
    texts.every(name => typeof rest[name] === 'string')
  )
}

/** Does it still announce anything? It goes on saying why what is gone is not there. */
export function isTrimInForce({ removeAfter }: LogTrim, now: Date): boolean {
  return new Date(removeAfter).getTime() + FORCE_MS > now.getTime()
}

/** A snapshot that stays. */
export interface StayingSnapshot {
  envelope: SnapshotEnvelope
  /** As the policy wants it, with all that it builds on. */
  proven: boolean
}

/** Of a stretch, what no snapshot that stays leads through. */
export interface UnusedLog {
  sourceId: string
  stretchId: string
  /** Number of the last segment of it. */
  through: number
}

/**
 * The beginning of the log that nothing needs: a replay begins at a snapshot, and reads the log's file that
 * it lies in from its beginning. Whole files of the server go, and of each stretch its last one stays.
 *
 * @param logMs how far back moments are to be restored; null: as far as the oldest snapshot that stays. A
 *   snapshot of that age that is proven has to be there, of each method that the server has.
 */
export function unusedLog(
  stretches: readonly Stretch[],
  staying: readonly StayingSnapshot[],
  logMs: number | null,
  now: Date,
): UnusedLog[] {
  return stretches.flatMap(stretch => {
    const { sourceId, stretchId, segments } = stretch
    const starts = staying.filter(({ envelope }) => isStart(envelope, sourceId))
    const bound = boundOf(starts, logMs, now)
    if (bound === null) return []
    const needed = starts.flatMap(({ envelope }) =>
      envelope.consistentAt >= bound ? (segmentOfSnapshot(stretch, envelope)?.sequence ?? []) : [],
    )
    const end = momentOfEnd(segments)
    const isOver = end !== null && end < bound
    const first =
      needed.length > 0 ? Math.min(...needed) : isOver ? segments.at(-1)?.sequence : null
    const file = segments.find(({ sequence }) => sequence === first)?.file
    const at = segments.findIndex(one => one.file === file && one.from === 0)
    const last = segments[at - 1]
    // Where a file ends: the next segment is a beginning that a reader can start from.
    return last && endOf(last).offset === 0 ? [{ sourceId, stretchId, through: last.sequence }] : []
  })
}

/** From which snapshot's moment on the log is needed; null: nothing can be said. */
function boundOf(
  starts: readonly StayingSnapshot[],
  logMs: number | null,
  now: Date,
): string | null {
  const oldest = starts.map(({ envelope }) => envelope.consistentAt).sort()[0] ?? null
  if (oldest === null || logMs === null) return oldest
  const horizon = new Date(now.getTime() - logMs).toISOString()
  const methods = [...new Set(starts.map(({ envelope }) => envelope.method))]
  const anchors = methods.map(method =>
    starts
      .filter(({ envelope }) => envelope.method === method && envelope.consistentAt <= horizon)
      .filter(({ proven }) => proven)
      .map(({ envelope }) => envelope.consistentAt)
      .sort()
      .at(-1),
  )
  return anchors.map(anchor => anchor ?? oldest).sort()[0] ?? oldest
}
