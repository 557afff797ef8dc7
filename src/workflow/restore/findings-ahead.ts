import type { Manifest } from '#domain/backup/manifest'
import type { RestorePlan } from '#domain/backup/restore-plan'
import type { RestoreTarget } from '#engine/logical-writer'
import { letterFindings } from './letter-findings.ts'
import { patternFindings } from './pattern-findings.ts'
import { superFindings } from './super-findings.ts'
import { zoneFindings } from './time-zones.ts'
import { weakerDefiners, weakerFindings } from './weaker-definers.ts'

/**
 * What will not be as it was, as far as the snapshot and the server tell before anything is made.
 *
 * @param databases those that are restored; all when undefined
 */
export function findingsAhead(
  target: RestoreTarget,
  manifest: Manifest,
  plan: RestorePlan,
  databases: readonly string[] | undefined,
): string[] {
  const isWanted = (schema: string): boolean => databases?.includes(schema) ?? true
  return [
    ...zoneFindings(target, manifest, isWanted),
    ...patternFindings(target, manifest, plan.makes),
    // Of some databases nobody has SUPER: that is among what is lost.
    ...(databases === undefined ? superFindings(target, manifest, plan.makes) : []),
    ...letterFindings(target, manifest, isWanted),
    ...weakerFindings(weakerDefiners(manifest, databases, plan)),
  ]
}
