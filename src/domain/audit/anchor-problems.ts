import type { SealReport } from './audit-report.ts'

/**
 * What the anchors of a seal lack, in words: findings of every command that seals.
 *
 * @param wanted how many anchors the policy wants
 */
export function anchorProblems({ anchors }: Pick<SealReport, 'anchors'>, wanted: number): string[] {
  return [
    ...anchors.flatMap(({ label, failed }) => (failed === null ? [] : [`${label}: ${failed}`])),
    ...(anchors.length < wanted
      ? [`${anchors.length} anchors of ${wanted}: name more under audit.anchors`]
      : []),
  ]
}
