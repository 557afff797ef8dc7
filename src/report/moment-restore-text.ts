import { countOf, formatBytes, formatDuration } from '#core/units'
import type { ReplayedTransaction, ReplayReport } from '#domain/binlog/replay-report'
import { type PhysicalRestoreText, physicalRestoreText, wasRead } from './physical-restore-text.ts'
import { type RestoreText, restoreText } from './restore-text.ts'

/** `ecomdb restore` to a moment, for people: the snapshot, and what was replayed after it. */
export function momentRestoreText(report: RestoreText & { replay: ReplayReport }): string {
  return [restoreText(report), '', ...replayLines(report.replay, report.snapshotId)].join('\n')
}

/** The same into a data directory. */
export function filesMomentText(report: PhysicalRestoreText & { replay: ReplayReport }): string {
  const read = wasRead(report.outcome?.checks ?? [])
  const lines = replayLines(report.replay, report.snapshotId, read ? FILES_READ : FILES_PROVED)
  return [...lines, '', physicalRestoreText(report)].join('\n')
}

const ROWS_PROVED = [
  'proved: every row of the snapshot before the replay, by its hash; then that the client executed the log to its last statement without an error',
  'not proved: the rows after the replay, for which there is nothing to compare with',
]

const FILES_PROVED = [
  'proved: every block by its hash, every page before and after the replay; that the client executed the log to its last statement without an error',
  'not proved: the rows, for which there is nothing to compare with',
]

const FILES_READ = [
  ...FILES_PROVED.slice(0, 1),
  'read: every row after the replay; where the moment is later than the snapshot there is nothing to compare with',
]

function replayLines(
  replay: ReplayReport,
  snapshotId: string,
  proved: readonly string[] = ROWS_PROVED,
): string[] {
  const { start, stop, outcome, transactions, segments, bytes, proven } = replay
  const amount = `${countOf(transactions, 'transaction')} in ${countOf(segments, 'segment')} (${formatBytes(bytes)})`
  return [
    `moment       ${replay.moment}`,
    `snapshot     ${snapshotId}, ${proven ?? 'never verified or drilled before'}`,
    `from         ${start.file}:${start.offset}`,
    `to           ${stop.file}:${stop.offset}`,
    `last         ${shown(replay.last) ?? 'none: the snapshot is the moment'}`,
    `first not    ${nextText(replay)}`,
    ...(outcome ? [...outcomeLines(outcome, amount), ...proved] : [`would replay ${amount}`]),
  ]
}

function outcomeLines(
  { fetchMs, replayMs, sessions, locked, events }: NonNullable<ReplayReport['outcome']>,
  amount: string,
): string[] {
  return [
    ...(events.length ? [`disabled     ${events.join(', ')}`] : []),
    ...(sessions.length
      ? [
          `dropped      ${countOf(sessions.length, 'session account')} of the broker: people log in anew`,
        ]
      : []),
    ...(locked.length ? [`locked       ${locked.join(', ')}`] : []),
    `replayed ${amount} in ${formatDuration(replayMs)}, fetched in ${formatDuration(fetchMs)}`,
  ]
}

function nextText({ next, nextUnknown }: ReplayReport): string {
  if (nextUnknown !== null) return `not known: ${nextUnknown}`
  return shown(next) ?? 'the archived log ends there'
}

function shown(transaction: ReplayedTransaction | null): string | null {
  return transaction && `${transaction.gtid ?? 'without a GTID'} of ${transaction.committedAt}`
}
