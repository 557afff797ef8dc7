import {
  isUtc,
  loggedSystem,
  type Settings,
  systemZoneOf,
  zoneOfFiles,
} from '#domain/backup/zone-of-source'
import { isSameSystemZone, type SystemZone, systemZoneText } from '#domain/binlog/system-zone'
import type { ReplayOptions } from '#engine/binlog'
import type { Engine } from '#engine/engine'

/**
 * In which zone a log is replayed.
 *
 * @param loaded in which the keys of rows were made that were loaded; undefined: they are data files
 * @param here that of the system under the server
 */
export function replayZone(
  { family }: Engine,
  source: Settings,
  loaded: string | undefined,
  here: SystemZone,
): ReplayOptions['zone'] {
  const system = loggedSystem(source, here, loaded !== undefined)
  if (loaded !== undefined) return { keys: loaded, system, isForRows: true }
  // In files each entry of a key has the zone of its session, and MySQL's log says it of rows; MariaDB's says none.
  return { keys: zoneOfFiles(source, here), system, isForRows: family === 'mariadb' }
}

/**
 * The log says SYSTEM of a session that had no zone of its own, and not which one that was.
 *
 * @returns what is to be found where statements depend on it; null where they come out as on the source
 */
export function otherSystemText(source: Settings, system: string, here: SystemZone): string | null {
  const there = systemZoneOf(source)
  if (there !== null && isSameSystemZone(there, here)) return null
  if (isUtc(source)) return null
  const was = there === null ? 'is not known' : `was ${systemZoneText(there)}`
  const [winter, summer] = there?.offsets?.split(',') ?? []
  const off =
    system !== 'SYSTEM' && winter !== undefined && winter === summer
      ? `they were run in ${system}, which it is in 2026, and what they made of times at which it was another may be off by the difference`
      : `they were run in ${system}, and times that they wrote (NOW() in a DATETIME, a text in a TIMESTAMP) may be off by the difference`
  return `statements of the log depend on the system's time zone, which ${was} on the source and is ${systemZoneText(here)} here: ${off}: restore again into a server that was started in the source's zone, as by TZ=Europe/Berlin (for --data-dir: this command's)`
}
