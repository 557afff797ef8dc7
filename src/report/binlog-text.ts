import { countOf, formatBytes } from '#core/units'
import type { BinlogReport } from '#domain/binlog/binlog-report'
import type { WindowGap } from '#domain/binlog/doubts'
import type { StretchWindow, WindowReport } from '#domain/binlog/window'

/** `ecomdb backup binlog` for people. */
export function binlogText({ target, written, end, findings }: BinlogReport): string {
  const { segments, transactions, bytes, storedBytes } = written
  return [
    `archived ${countOf(transactions, 'transaction')} in ${countOf(segments, 'segment')} (${formatBytes(bytes)}, stored as ${formatBytes(storedBytes)}) in ${target}`,
    ...(end
      ? [
          `  ends at   ${end.file}:${end.offset}${end.gtids && `, GTIDs ${end.gtids}`}`,
          `  complete  until ${end.knownUntil ?? 'its last transaction'}`,
        ]
      : []),
    ...findings.map(finding => `  FINDING   ${finding}`),
  ].join('\n')
}

/** `ecomdb backup window` for people. */
export function windowText({ target, sources, refused, unreadable }: WindowReport): string {
  const lines = sources.flatMap(({ sourceId, engine, stretches, gaps, doubts }) => [
    `${engine} server ${sourceId}`,
    ...stretches.flatMap(stretchLines),
    ...gaps.map(gap => `  GAP         ${momentsOf(gap)}`),
    ...doubts.map(doubt => `  DOUBT       ${momentsOf(doubt)}`),
  ])
  const doubts = refused.map(
    ({ name, why, segments }) =>
      `  REFUSED     ${name} after ${countOf(segments, 'segment')}: ${why}`,
  )
  const lost = unreadable.map(({ name, why }) => `  UNREADABLE  ${name}: ${why}`)
  if (lines.length + doubts.length === 0) {
    return `there is no binary log in ${target}: run \`ecomdb backup binlog\``
  }
  return [...lines, ...doubts, ...lost].join('\n')
}

const momentsOf = ({ from, until, why }: WindowGap): string =>
  `${from ?? '…'} to ${until ?? 'now'}: ${why}`

function whyNothing({ snapshots, bad }: StretchWindow): string {
  return snapshots.length > 0
    ? 'nothing yet: what is archived is not later than the first snapshot'
    : `nothing: there is no logical snapshot within it${bad.length > 0 ? ' that was not found bad' : ''}`
}

function stretchLines(window: StretchWindow): string[] {
  const { restorable, restorableFiles, end, segments, transactions, storedBytes } = window
  const { snapshots, bad } = window
  const gtids = end.gtids && `, GTIDs ${end.gtids}`
  return [
    restorable
      ? `  restorable  ${restorable.from} to ${restorable.until}`
      : `  restorable  ${whyNothing(window)}`,
    ...(restorableFiles
      ? [`  as files    ${restorableFiles.from} to ${restorableFiles.until}, with --data-dir`]
      : []),
    `  log         ${window.from ?? '…'} to ${window.until ?? '…'}: ${countOf(transactions, 'transaction')} in ${countOf(segments, 'segment')}, ${formatBytes(storedBytes)}`,
    `              ends at ${end.file}:${end.offset}${gtids}`,
    `  snapshots   ${snapshots.map(({ snapshotId }) => snapshotId).join(', ') || 'none'}`,
    ...(bad.length > 0 ? [`  left out    ${bad.join(', ')}: found bad by a verify or drill`] : []),
  ]
}
