import { EcomdbError, type ErrorCode } from '#core/errors'
import type { SnapshotEnvelope } from '#domain/backup/envelope'
import type { Exposure } from '#domain/backup/repository-report'
import type { BinlogSegment } from '#domain/binlog/segment'
import { promisedOfSegment } from '#domain/retention/log-locks'
import { BinlogArchive } from '#repository/binlog-archive'
import { BINLOG, idsOfSegmentFile, segmentFile } from '#repository/layout'
import type { Target, TargetLock } from '#target/target'
import { isWeaker } from '#target/weaker-lock'
import { askAtOnce, drawn, MOST_ASKED } from './ask-at-once.ts'
import { brokenPromise, WEAKER } from './check-protection.ts'

/** A segment's bytes are locked when they are put, which is before its envelope. */
const TOLERANCE_MS = 3_600_000

/** Not believed, or removed since it was listed: `backup window` and `backup verify` tell of it. */
const NOT_READ: ReadonlySet<ErrorCode> = new Set([
  'REPOSITORY_VERSION',
  'SIGNATURE_INVALID',
  'UNSUPPORTED',
])

/**
 * Segments of the archived log that are not locked as long as the snapshots are whose log they go on with.
 * Of more than a thousand so many, drawn by lot: run after run all are asked about. A copy has locks of its own, which
 * no envelope knows: where it has become the repository, of the segments behind the first snapshot that was made in it.
 *
 * @param envelopes that promise locks of this place (`madeHere`)
 */
export async function unlockedLog(
  target: Target,
  envelopes: readonly SnapshotEnvelope[],
  trustedSigners: readonly string[],
  now: Date,
): Promise<Exposure[]> {
  const { lock } = target
  if (!lock) return []
  const archive = await BinlogArchive.open(target)
  const isCopy = (await archive.repository.copyId()) !== null
  if (isCopy && envelopes.length === 0) return []
  const names: string[] = []
  for await (const { name } of target.list(BINLOG)) if (idsOfSegmentFile(name)) names.push(name)
  const found: Exposure[] = []
  await askAtOnce(drawn(names, MOST_ASKED), async name => {
    const segment = await readSegment(archive, name, trustedSigners)
    if (!segment) return
    const until = promisedOfSegment(segment, envelopes, lock.days)
    if (isCopy && !until) return
    found.push(...(await looseFiles(target, lock, segment, { until, now })))
  })
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}

async function readSegment(
  archive: BinlogArchive,
  name: string,
  trustedSigners: readonly string[],
): Promise<BinlogSegment | null> {
  try {
    return (await archive.read(name, trustedSigners)).segment
  } catch (error) {
    if (error instanceof EcomdbError && NOT_READ.has(error.code)) return null
    throw error
  }
}

/**
 * An expire holds the envelope last, for as long as the bytes: they are promised until then.
 *
 * @param until as snapshots promise it; null: none does
 */
async function looseFiles(
  target: Target,
  lock: TargetLock,
  { sourceId, stretchId, sequence, object }: BinlogSegment,
  { until: promised, now }: { until: Date | null; now: Date },
): Promise<Exposure[]> {
  const found: Exposure[] = []
  const envelope = segmentFile(sourceId, stretchId, sequence)
  let until = promised && promised > now ? promised : null
  for (const name of [envelope, ...(object ? [object.path] : [])]) {
    const held = await lock.held(name)
    if (until && (!held || held.until.getTime() < until.getTime() - TOLERANCE_MS)) {
      found.push({ name, problem: await brokenPromise(target, name, held, until) })
    } else if (until && held && isWeaker(held, lock)) found.push({ name, problem: WEAKER })
    if (held && held.until > (until ?? now)) until = held.until
  }
  return found
}
