/**
 * Kept among the settings of a source, though no variable: the seconds by which the system's zone is ahead
 * of UTC on 1 January and on 1 July 2026, "3600,7200". The name is of more than one zone: CST is China's
 * and Chicago's.
 */
export const SYSTEM_OFFSETS = 'system_offsets'

/** The zone of the system that a server runs on. */
export interface SystemZone {
  /** @@system_time_zone */
  name: string
  /** See SYSTEM_OFFSETS; undefined: not known, in snapshots from before 29 November 2026. */
  offsets: string | undefined
}

export function isSameSystemZone(one: SystemZone, other: SystemZone): boolean {
  if (one.offsets && other.offsets) return one.offsets === other.offsets
  return winterName(one.name) === winterName(other.name)
}

/** "CST (UTC+8)", or with another one in summer "CET (UTC+1 and +2)". */
export function systemZoneText({ name, offsets }: SystemZone): string {
  if (!offsets) return name
  const hours = offsets.split(',').map(text => {
    const value = Number(text) / 3600
    return `${value < 0 ? '' : '+'}${Number(value.toFixed(2))}`
  })
  return `${name} (UTC${[...new Set(hours)].join(' and ')})`
}

/** A server keeps the name that was right when it was started: CEST → CET, EDT → EST, BST → GMT. */
function winterName(zone: string): string {
  if (zone === 'BST') return 'GMT'
  if (/^[CEW]EST$/.test(zone)) return zone.replace('ST', 'T')
  return zone.replace(/^(\w{1,3})DT$/, '$1ST')
}
