import { countOf, formatBytes } from '#core/units'
import type {
  AddedTarget,
  TargetCheckReport,
  TargetStatusReport,
} from '#domain/target/target-report'
import { alignColumns } from './align-columns.ts'
import { exposedLines } from './backup-text.ts'

/** `ecomdb target check` for people. */
export function targetCheckText({ target, promises, left }: TargetCheckReport): string {
  const answer = (kept: boolean | null): string => (kept === null ? '-' : kept ? 'yes' : 'no')
  const findings = promises.filter(({ finding }) => finding !== null)
  return [
    alignColumns(
      promises.map(({ says, kept, detail }) => [answer(kept), says, detail]),
      ['left', 'left', 'left'],
    ),
    '',
    ...findings.map(({ says, finding }) =>
      `FINDING  ${says}: no; ${finding}`.replace(': no;', ':'),
    ),
    ...(left.length > 0
      ? [`left behind, since this credential may not remove it: ${left.join(', ')}`]
      : []),
    findings.length > 0
      ? `${target}: ${countOf(findings.length, 'finding')}`
      : `${target} can be relied on as it is configured`,
  ].join('\n')
}

/** `ecomdb target status` for people. */
export function targetStatusText(report: TargetStatusReport): string {
  const { target, newest, lock, space, leftovers, exposed, refused, findings } = report
  const facts: [string, string][] = [
    ['target', target],
    ['repository', report.repositoryId],
    ['holds', `${formatBytes(report.bytes)} in ${countOf(report.files, 'file')}`],
    [
      'space',
      space
        ? `${formatBytes(space.freeBytes)} free of ${formatBytes(space.totalBytes)}`
        : 'no limit known',
    ],
    ['snapshots', countOf(report.snapshots, 'snapshot')],
    ...(newest
      ? [['newest', `${newest.snapshotId}, shows ${newest.consistentAt}`] as [string, string]]
      : []),
    ['versions', versionsState(report)],
    [
      'locks',
      lock ? `${lock.mode}, ${countOf(lock.days, 'day')}; ${lockState(report)}` : 'none configured',
    ],
  ]
  return [
    alignColumns(facts, ['left', 'left']),
    ...exposedLines(exposed),
    ...refused.map(snapshotId => `NOT BELIEVED  snapshot ${snapshotId}`),
    ...leftovers.map(({ name, startedAt }) => `LEFTOVER  ${name}, begun ${startedAt}`),
    ...findings.map(line => `FINDING  ${line}`),
  ].join('\n')
}

function versionsState({ keepsVersions }: TargetStatusReport): string {
  if (keepsVersions === null) return 'not known: this account may not ask (s3:GetBucketVersioning)'
  return keepsVersions ? 'kept: nothing is lost by writing' : 'not kept'
}

function lockState({ newest, exposed }: TargetStatusReport): string {
  if (!newest?.lockUntil) return 'the newest snapshot promises none'
  const isOpen = ({ problem }: { problem: string }): boolean =>
    ['snapshot promises', 'asks for compliance'].some(words => problem.includes(words))
  const open = exposed.filter(isOpen).length
  return open > 0
    ? `${countOf(open, 'file')} not locked as promised, or as configured`
    : `every file of a snapshot is locked as promised, the newest until ${newest.lockUntil}`
}

/** `ecomdb target add` for people. */
export function addedTargetText({ configFile, target, lines, dryRun }: AddedTarget): string {
  if (!lines) return `${configFile} names ${target} already`
  const verb = dryRun ? 'would be written to' : 'written to'
  return [
    `${verb} ${configFile}:`,
    ...lines
      .trimEnd()
      .split('\n')
      .map(line => `  ${line}`),
    'next: `ecomdb target check`, then `ecomdb init` for a repository in it',
  ].join('\n')
}
