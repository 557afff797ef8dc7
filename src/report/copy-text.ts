import { countOf, formatBytes } from '#core/units'
import {
  type CopyReport,
  KEPT_DAMAGED,
  type PreparedCopy,
  REMOVED_MEANWHILE,
} from '#domain/copy/copy-report'
import { UNKNOWN_SIGNER } from './backup-text.ts'

/** `ecomdb target prepare` for people. */
export function preparedCopyText(made: PreparedCopy): string {
  // Its name does not tell the endpoint, nor by which credentials.
  const isBucket = made.directory.startsWith('s3://')
  const folder = isBucket ? 'a bucket' : 'a folder, no disk of its own'
  const disk = made.mounted ? `the disk at ${made.mountPoint}` : folder
  return [
    `${made.made ? 'prepared' : 'was prepared before:'} ${made.label} in ${made.directory} (${disk})`,
    `  copy      ${made.copyId} of repository ${made.repositoryId}`,
    isBucket
      ? 'next: `ecomdb backup copy --to` the same place, in the same words'
      : `next: \`ecomdb backup copy --to ${made.directory}\``,
  ].join('\n')
}

/** `ecomdb backup copy` for people. */
export function copyReportText(report: CopyReport): string {
  const { copy, copied, healed, incomplete, damagedLog, refused, skipped } = report
  const brought = [
    ...(copied.length ? [countOf(copied.length, 'snapshot')] : []),
    ...(healed.length ? [`${countOf(healed.length, 'snapshot')} made whole again`] : []),
  ]
  return [
    brought.length
      ? `copied to ${copy.label} (${copy.directory}): ${brought.join(', ')}; ${countOf(report.files, 'file')}, ${formatBytes(report.bytes)}${readBackText(report)}`
      : refused.length + incomplete.length > 0
        ? `${copy.label} (${copy.directory}): nothing was brought`
        : `${copy.label} (${copy.directory}) has every snapshot already`,
    `  holds     ${countOf(report.snapshots, 'snapshot')}${report.newestShows ? `, the newest shows ${shortTime(report.newestShows)}` : ''}`,
    ...(report.lastSeenAt ? [`  was here  ${shortTime(report.lastSeenAt)} before`] : []),
    ...(skipped.length
      ? [`  left out  ${countOf(skipped.length, 'snapshot')} that expire removes`]
      : []),
    ...(report.recordId || report.recordProblem
      ? []
      : ['  record    on this host only: no signing key could be used']),
    ...refused.map(({ name, code, why }) => `NOT BELIEVED  ${name}: ${why} (${code})`),
    ...(refused.some(isOfUnknownSigner) ? UNKNOWN_SIGNER : []),
    ...(refused.some(one => isChangedThere(one) && !isOfUnknownSigner(one))
      ? [
          'What was changed in the copy has to be removed there first: nothing is overwritten. The next copy brings it again.',
        ]
      : []),
    ...(report.recordProblem
      ? [
          `NOT RECORDED  in the repository, so that other hosts do not know: ${report.recordProblem}`,
        ]
      : []),
    ...incomplete.map(({ snapshotId, problem }) => `NOT COPIED  ${snapshotId}: ${problem}`),
    ...damagedLog.map(({ name, problem }) => `NOT COPIED  ${name}: ${problem}`),
    ...failures([...incomplete, ...damagedLog]),
    ...(report.ejected ? ['unmounted: the disk may be taken away'] : []),
  ].join('\n')
}

/** What is to be done about what is not whole in the copy: each cause once. */
function failures(found: readonly { problem: string }[]): string[] {
  return [
    ...new Set(
      found.map(({ problem }) => {
        if (problem.endsWith(REMOVED_MEANWHILE))
          return 'FAILED. Copy again, when nothing expires the copy'
        if (problem.includes(KEPT_DAMAGED))
          return 'FAILED. All else was copied. Have what is damaged removed from the copy (once its lock is over, or by who may bypass it) and copy again, or prepare another place'
        return 'FAILED. The repository is damaged: `ecomdb backup verify --all`, then back up anew'
      }),
    ),
  ]
}

/** An envelope in the copy that has rotted, and that the repository may have still. */
/** Good snapshots, where this host does not know the new signer yet, or not the old one any more. */
function isOfUnknownSigner({ code, why }: CopyReport['refused'][number]): boolean {
  return code === 'SIGNATURE_INVALID' && why.includes('not among the trusted signers')
}

function isChangedThere({ name, code }: CopyReport['refused'][number]): boolean {
  return (
    code === 'SIGNATURE_INVALID' && name.startsWith('snapshot ') && name.endsWith('in the copy')
  )
}

/** Only what was read past this machine's memory proves that the medium has it. */
function readBackText({ readBack }: CopyReport): string {
  if (readBack === 'medium') return ', each read back from the medium'
  return readBack === 'cache'
    ? ', each read back, but from memory: this file system does not let the medium be read'
    : ''
}

function shortTime(iso: string): string {
  return iso.slice(0, 19).replace('T', ' ')
}
