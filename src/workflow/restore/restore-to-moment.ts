import type { Clock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import type { Progress } from '#core/progress'
import { type Moment, momentText } from '#domain/binlog/moment'
import type { ReplayedTransaction, ReplayReport } from '#domain/binlog/replay-report'
import type { Transaction } from '#domain/binlog/scanner'
import { isoOfMicros } from '#domain/binlog/segment'
import type { AccountName } from '#domain/schema/service-accounts'
import type { ReplayTarget } from '#engine/binlog'
import type { Session } from '#engine/session'
import { BinlogArchive } from '#repository/binlog-archive'
import { usingRepository } from '#repository/repository-use'
import type { Target } from '#target/target'
import { without } from './accounts-since.ts'
import { type ChosenStart, chooseStart } from './choose-snapshot.ts'
import type { SnapshotAccess } from './open-snapshot.ts'
import { LOG_INSIDE } from './place-tables.ts'
import { replayLog } from './replay-log.ts'
import { type ReplaySpan, replaySpan } from './replay-span.ts'
import type {
  RestoreOptions,
  RestorePlace,
  RestoreReport,
  RestoreSequel,
} from './restore-options.ts'
import { restoreSnapshot } from './restore-snapshot.ts'

export interface MomentRestoreReport extends RestoreReport {
  replay: ReplayReport
}

/**
 * `ecomdb restore --at|--gtid|--before-gtid`: the newest snapshot from which an unbroken log
 * leads to the moment, proved as every restore is; then the log from the snapshot's place to
 * the moment's, to the transaction.
 *
 * @throws EcomdbError OUTSIDE_WINDOW, CONTENT_MISMATCH, TARGET_NOT_EMPTY, TOOL_MISSING and what
 *   restoreSnapshot throws, before anything was changed; then SERVER_REFUSED for a statement
 *   of the log that the server does not take
 */
export async function restoreToMoment(
  options: RestoreOptions,
  moment: Moment,
  { access, target }: { access: SnapshotAccess; target: Target },
  place: RestorePlace,
  clock: Clock,
  progress: Progress,
): Promise<MomentRestoreReport> {
  refuseParts(options)
  place.engine.binaryLog.replay.requirePrograms()
  return await usingRepository(access.repository, async () => {
    progress.stage('finding the moment in the binary log')
    const archive = await BinlogArchive.open(target)
    const chosen = await chooseStart(archive, access, options, moment, progress)
    const span = await replaySpan(archive, chosen, access.identities, place.engine.binaryLog.replay)
    const replay = replayReportOf(moment, chosen, span)
    let keep: readonly AccountName[] = []
    let isInside = false
    const findings: string[] = []
    const check: RestoreSequel['check'] = async (session, own, made) => {
      const found = await requireOwnServer(place, session, own)
      // The log of a replay that was cut short may have opened one of them.
      keep = without(found.accounts, made)
      isInside = await place.engine.logicalWriter.ignoresPlaces(session)
      progress.stage('reading the segments of the binary log')
      await requireWhole(span, archive)
      return keep
    }
    const run: RestoreSequel['run'] = async (settings, zone, lockedBy) => {
      const { services, binlog } = options
      const settle = { keep, services }
      const onElsewhere = isInside ? (): void => void findings.push(LOG_INSIDE) : undefined
      const told = { onElsewhere, onFinding: (finding: string) => void findings.push(finding) }
      const replayRun = {
        archive,
        access,
        place,
        span,
        binlog,
        settle,
        source: settings,
        zone,
        clock,
        lockedBy,
      }
      replay.outcome = await replayLog({ ...replayRun, ...told }, progress)
    }
    const snapshot = chosen.snapshot.snapshotId
    const restored = await restoreSnapshot(
      { ...options, snapshot, sequel: { moment: momentText(moment), check, run } },
      access,
      place,
      clock,
      progress,
    )
    return { ...restored, findings: [...restored.findings, ...findings], replay }
  })
}

/** A statement of the log may be about any database, so a part of them cannot be replayed. */
function refuseParts({ databases, tables, into }: RestoreOptions): void {
  if (databases === undefined && tables === undefined && into === undefined) return
  throw new EcomdbError('UNSUPPORTED', {
    what: 'a moment is restored for the whole server only',
    why: "the log's statements may be about several databases, and leaving some out is not safe",
    hints: [
      'restore the moment into a server of its own: `ecomdb sandbox start --name rescue`; then copy what you need',
    ],
  })
}

/**
 * The log makes and drops databases as it did on the source: it must not meet others.
 * @returns who may log in before anything is restored
 */
async function requireOwnServer(
  { engine }: RestorePlace,
  session: Session,
  own: readonly string[],
): Promise<ReplayTarget> {
  const found = await engine.binaryLog.replay.observe(session)
  const others = found.databases.filter(name => !own.includes(name))
  if (others.length === 0) return found
  throw new EcomdbError('TARGET_NOT_EMPTY', {
    what: 'a moment is restored into a server that holds no other database',
    why: `it holds ${others.join(', ')}, and the replayed log may change or drop any database`,
    hints: [
      '`ecomdb sandbox start --name rescue` gives an empty server, and its socket for --socket',
      'nothing was changed',
    ],
  })
}

/**
 * Are all segments there, byte for byte as signed? Asked before anything is changed, for the
 * replay comes last.
 * @throws EcomdbError OBJECT_DAMAGED
 */
export async function requireWhole(
  { segments, lead }: ReplaySpan,
  archive: BinlogArchive,
): Promise<void> {
  for (const segment of [...lead, ...segments]) await archive.checkStored(segment)
}

export function replayReportOf(
  moment: Moment,
  chosen: ChosenStart,
  span: ReplaySpan,
): ReplayReport {
  const { start, stop, last, next, nextUnknown, proven } = chosen
  return {
    moment: momentText(moment),
    proven,
    start,
    stop,
    segments: span.segments.length,
    bytes: span.segments.reduce((sum, { from, to }) => sum + to - from, 0),
    transactions: span.transactions,
    last: span.transactions > 0 ? described(last ?? span.last) : null,
    next: described(next),
    nextUnknown,
    outcome: null,
  }
}

function described(transaction: Transaction | null): ReplayedTransaction | null {
  if (!transaction) return null
  return { gtid: transaction.gtid, committedAt: isoOfMicros(transaction.committedUs) }
}
