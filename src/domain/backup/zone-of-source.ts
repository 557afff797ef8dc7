import { isSameSystemZone, SYSTEM_OFFSETS, type SystemZone } from '../binlog/system-zone.ts'

export type Settings = Readonly<Record<string, string>>

/** In which rows are read and loaded. */
export const ROWS_ZONE = '+00:00'

/** Of a zone by name: "+02:00" and SYSTEM need no tables of zones. */
export const ZONE_NAME = /^(?!SYSTEM$)[A-Za-z]/i

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
  if (isUtcName(zone)) return ROWS_ZONE
  if (zone !== 'SYSTEM') return isOffset(zone) || timeZones.includes(zone) ? zone : null
  return systemOfSource(source, systemZoneOf(settings))
}

/** That of the system under the source, on another one. */
function systemOfSource(source: Settings, is: SystemZone | null): string | null {
  const was = systemZoneOf(source)
  if (was?.offsets === '0,0') return ROWS_ZONE
  if (was && is && isSameSystemZone(was, is)) return 'SYSTEM'
  return offsetOf(was?.offsets)
}

/** Whether the zone of the settings is what the configuration says, and not the server's own. */
const IS_TOLD = 'ecomdb: time_zone is as configured'

export const isTold = (source: Settings): boolean => source[IS_TOLD] !== undefined

/** What the manifest says, had the source's sessions that zone by themselves which its programs set. */
export function inProgramsZone<
  Told extends { settings: Settings; timeZones?: readonly string[] | undefined },
>(manifest: Told, zone: string | undefined): Told {
  if (zone === undefined) return manifest
  const { settings, timeZones } = manifest
  return {
    ...manifest,
    settings: { ...settings, time_zone: zone, [IS_TOLD]: 'yes' },
    ...(timeZones && ZONE_NAME.test(zone) ? { timeZones: [...new Set([...timeZones, zone])] } : {}),
  }
}

/** In which the keys of loaded rows are made. */
export const keysZone = (source: Settings, target: ZonesThere): string =>
  zoneOfSource(source, target) ?? ROWS_ZONE

/**
 * The same, on a server that is not known yet. SYSTEM where the source's had summer time.
 *
 * @returns null where the source did not say
 */
export function zoneAnywhere(source: Settings): string | null {
  const zone = source['time_zone']
  if (zone === undefined) return null
  if (isUtcName(zone)) return ROWS_ZONE
  return zone === 'SYSTEM' ? (offsetOf(systemZoneOf(source)?.offsets) ?? zone) : zone
}

/**
 * The same for the source's data files, whose keys its own sessions have made: on a system of its zone all that this
 * zone ever was is known, also where it has no summer time any more (São Paulo, Istanbul).
 *
 * @param system on which a server is started on the files
 * @returns null where the source did not say
 */
export function zoneOfFiles(source: Settings, system: SystemZone): string | null {
  const zone = source['time_zone']
  if (zone === undefined) return null
  if (isUtcName(zone)) return ROWS_ZONE
  return zone === 'SYSTEM' ? loggedSystem(source, system, false) : zone
}

/**
 * What SYSTEM in a log of the source is here.
 *
 * @param system under the server that the log is replayed on
 * @param isLoaded rows were loaded into it, and keys were made of them; else it was started on the source's files
 */
export function loggedSystem(source: Settings, system: SystemZone, isLoaded: boolean): string {
  if (isLoaded) {
    const own = source['time_zone'] === 'SYSTEM' ? ROWS_ZONE : 'SYSTEM'
    return systemOfSource(source, system) ?? own
  }
  const was = systemZoneOf(source)
  if (was === null || isSameSystemZone(was, system)) return 'SYSTEM'
  return offsetOf(was.offsets) ?? 'SYSTEM'
}

/** No server needs its tables of zones for these. */
const isUtcName = (zone: string): boolean => /^(?:Etc\/)?(?:UTC|GMT)$/.test(zone)

/** Was the system of the source in UTC, since ever? */
export function isUtc(source: Settings): boolean {
  const was = systemZoneOf(source)
  return was?.name === 'UTC' && was.offsets === '0,0'
}

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
