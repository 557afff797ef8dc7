import type { SealReport } from './audit-report.ts'
import { RIGHTS_UNREAD } from './rights-watch.ts'

/**
 * What a seal could not do, in words: findings of every command that seals.
 *
 * @param wanted how many anchors the policy wants
 */
export function sealProblems(
  { anchors, refused, rightsWatched }: Pick<SealReport, 'anchors' | 'refused' | 'rightsWatched'>,
  wanted: number,
): string[] {
  return [
    ...(rightsWatched ? [] : [RIGHTS_UNREAD]),
    ...refused,
    ...anchors.flatMap(({ label, failed }) => (failed === null ? [] : [`${label}: ${failed}`])),
    ...(anchors.length < wanted
      ? [`${anchors.length} anchors of ${wanted}: name more under audit.anchors`]
      : []),
  ]
}
