import type { AuditPolicy } from './audit-policy.ts'
import { msOfServerTime } from './server-time.ts'

/** Where an anchor ends: its newest checkpoint, 0 for none, and when the one after that was sealed. */
export interface AnchorEnd {
  label: string
  last: number
  /** ISO 8601, UTC. */
  since: string
}

/** What a sealer may need from its look to the checkpoint in the database, and from there to an anchor. */
export const SEALING_MS = 60_000

/**
 * What no anchor vouches for in a verification, in words.
 *
 * @param unasked the anchors that could not be read, in words
 * @param anchors those that could
 * @param readAt the server's clock: 2014-03-19 10:00:00.123456, UTC
 * @returns `fewer`: not asked, or fewer than the policy wants, which may be meant; `late`: asked, and
 *   they end too early, which nobody means
 */
export function notCompared(
  compared: {
    anchors: number
    unasked: readonly string[]
    behind: readonly AnchorEnd[]
    readAt: string
  },
  policy: Pick<AuditPolicy, 'anchors' | 'seal'>,
): { fewer: string[]; late: string[] } {
  const { anchors, unasked, behind, readAt } = compared
  const now = msOfServerTime(readAt)
  const late = behind.filter(({ last, since }) => {
    return now - Date.parse(since) > (last === 0 ? SEALING_MS : policy.seal.withinMs)
  })
  const some = anchors - late.filter(({ last }) => last === 0).length
  const fewer = [
    ...unasked,
    ...(some < policy.anchors
      ? [
          `compared with ${some} anchors of ${policy.anchors}: a trail that was rolled back or rewritten as a whole may look right`,
        ]
      : []),
    ...(policy.anchors > 0 && anchors === 0
      ? ['no erasure ledger was read: nobody looked for whom a restore brought back']
      : []),
  ]
  return { fewer, late: late.map(lateText) }
}

function lateText({ label, last }: AnchorEnd): string {
  return last === 0
    ? `the anchor ${label} has no checkpoint of this trail`
    : `the anchor ${label} ends at batch ${last}: a roll-back to what came after may look right`
}
