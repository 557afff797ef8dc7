import { formatDuration } from '#core/units'
import type { AuditPolicy } from './audit-policy.ts'

/** Seconds. */
export interface SealAge {
  /** null: nothing is sealed yet. */
  ageSeconds: number | null
  /** The policy promises a checkpoint at least so often. */
  withinSeconds: number
  late: boolean
}

/**
 * Pure: is the seal as young as the policy promises? A checkpoint comes with every heartbeat, also
 * without an event; one that is missed can be a sealer that was started anew.
 *
 * @param sealedAt of the newest checkpoint, ISO 8601; null: nothing is sealed yet
 */
export function sealAge(
  sealedAt: string | null,
  { seal: { withinMs, heartbeatMs } }: Pick<AuditPolicy, 'seal'>,
  now: Date,
): SealAge {
  const limitMs = Math.max(withinMs, 2 * heartbeatMs)
  const ageMs = sealedAt === null ? null : Math.max(0, now.getTime() - Date.parse(sealedAt))
  return {
    ageSeconds: ageMs === null ? null : Math.round(ageMs / 1000),
    withinSeconds: Math.round(limitMs / 1000),
    late: ageMs === null || ageMs > limitMs,
  }
}

/** "sealed 3.0 s ago", and what the policy promises where it is late. */
export function sealAgeText({ ageSeconds, withinSeconds, late }: SealAge): string {
  const promised = late ? `, promised every ${formatDuration(withinSeconds * 1000)}` : ''
  if (ageSeconds === null) return `nothing is sealed${promised}`
  return `sealed ${formatDuration(ageSeconds * 1000)} ago${promised}`
}
