import { formatDuration } from '#core/units'
import { hasNotCome } from '../has-not-come.ts'
import type { AuditPolicy } from './audit-policy.ts'

/** Seconds. */
export interface SealAge {
  /** null: nothing is sealed yet; below zero: at a moment that has not come. */
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
  const isAhead = sealedAt !== null && hasNotCome(sealedAt, now)
  const sinceMs = sealedAt === null ? null : now.getTime() - Date.parse(sealedAt)
  const ageMs = sinceMs === null || isAhead ? sinceMs : Math.max(0, sinceMs)
  return {
    ageSeconds: ageMs === null ? null : Math.round(ageMs / 1000),
    withinSeconds: Math.round(limitMs / 1000),
    late: ageMs === null || ageMs > limitMs || isAhead,
  }
}

/** "sealed 3.0 s ago", and what the policy promises where it is late. */
export function sealAgeText({ ageSeconds, withinSeconds, late }: SealAge): string {
  const promised = late ? `, promised every ${formatDuration(withinSeconds * 1000)}` : ''
  if (ageSeconds === null) return `nothing is sealed${promised}`
  if (ageSeconds < 0) return `sealed at a moment that has not come: a clock was wrong${promised}`
  return `sealed ${formatDuration(ageSeconds * 1000)} ago${promised}`
}
