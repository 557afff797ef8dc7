import { isSameSystemZone, SYSTEM_OFFSETS, type SystemZone } from '../binlog/system-zone.ts'

type Settings = Readonly<Record<string, string>>

/** In which rows are read and loaded. */
export const ROWS_ZONE = '+00:00'

/** A server that rows are restored into. */
export interface ZonesThere {
  settings: Settings
  /** Those that it knows by name. */
  timeZones: readonly string[]
}

/**
 * The time zone that sessions of the source had which set none of their own, as the target knows it: in it keys and
 * generated columns come back as they were.
 *
 * @returns null where it cannot be had
 */
export function zoneOfSource(source: Settings, { settings, timeZones }: ZonesThere): string | null {
  const zone = source['time_zone']
  if (zone === undefined) return null
  if (UTC_BY_NAME.has(zone)) return ROWS_ZONE
  if (zone !== 'SYSTEM') return isOffset(zone) || timeZones.includes(zone) ? zone : null
  const was = systemZoneOf(source)
  if (was?.offsets === '0,0') return ROWS_ZONE
  const is = systemZoneOf(settings)
  if (was && is && isSameSystemZone(was, is)) return zone
  return offsetOf(was?.offsets)
}

/**
 * The same of a session that replays the source's log, without a look at the target.
 *
 * @returns null where the source did not say
 */
export function zoneOfLog(source: Settings): string | null {
  const zone = source['time_zone']
  if (zone === undefined) return null
  if (UTC_BY_NAME.has(zone)) return ROWS_ZONE
  return zone === 'SYSTEM' ? (offsetOf(systemZoneOf(source)?.offsets) ?? zone) : zone
}

/** No server needs its tables of zones for these. */
const UTC_BY_NAME: ReadonlySet<string> = new Set(['UTC', 'Etc/UTC', 'GMT', 'Etc/GMT'])

/** "+08:00" of a zone that has the same in winter and summer ("28800,28800"), wherever the system of the target is. */
function offsetOf(offsets: string | undefined): string | null {
  const [winter, summer] = offsets?.split(',').map(Number) ?? []
  if (winter === undefined || winter !== summer || !Number.isInteger(winter / 60)) return null
  // MariaDB takes none beyond +13:00.
  if (Math.abs(winter) > 13 * 3600) return null
  const minutes = Math.abs(winter) / 60
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${winter < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

/** Have sessions of the target that set no zone of their own the one that those of the source had? */
export function hasZoneOfSource(source: Settings, target: ZonesThere): boolean {
  const [was, is] = [zoneOfSource(source, target), zoneOfSource(target.settings, target)]
  return was !== null && was === is
}

export function systemZoneOf(settings: Settings): SystemZone | null {
  const name = settings['system_time_zone']
  return name === undefined ? null : { name, offsets: settings[SYSTEM_OFFSETS] }
}

const isOffset = (zone: string): boolean => /^[+-]/.test(zone)
