import { EcomdbError } from '#core/errors'
import { formatCount } from '#core/units'
import type { Manifest } from '#domain/backup/manifest'
import { readsZonesOfRows, zoneNeeds, zonesInTexts } from '#domain/backup/time-zones'
import {
  hasZoneOfSource,
  isTold,
  ROWS_ZONE,
  systemZoneOf,
  zoneOfSource,
} from '#domain/backup/zone-of-source'
import { systemZoneText } from '#domain/binlog/system-zone'
import { computesInZone } from '#domain/schema/computes-in-zone'
import type { Engine } from '#engine/engine'
import type { RestoreTarget } from '#engine/logical-writer'
import type { ConnectOptions } from '#engine/session'

/**
 * A server that is thrown away gets this host's time zones where the source had some by name and the
 * snapshot, or a log that is replayed on it, may need them.
 */
export async function bringZones(
  { scratchServers }: Engine,
  { socketPath }: ConnectOptions,
  manifest: Manifest,
  isReplayed: boolean,
): Promise<void> {
  const known = knownOf(manifest)
  const own = manifest.settings['time_zone'] ?? ''
  const isUsed = (): boolean =>
    readsZonesOfRows(manifest) ||
    zonesInTexts(manifest).some(zone => known.includes(zone)) ||
    (known.includes(own) && manifest.tables.some(({ create }) => computesInZone(create)))
  const isNeeded = known.length > 0 && (isReplayed || isUsed())
  if (isNeeded && socketPath !== undefined) await scratchServers.loadTimeZones(socketPath)
}

/** Told before anything is made: without the zone such an event is refused, and such a column is NULL. */
export function refuseWithoutZones(
  target: RestoreTarget,
  manifest: Manifest,
  isWanted: (schema: string) => boolean,
  isReplayed: boolean,
): void {
  const lacking = lackingZones(target, manifest)
  const own = manifest.settings['time_zone'] ?? ''
  const needs = [
    ...zoneNeeds(manifest, isWanted, knownOf(manifest), lacking),
    ...(isReplayed && lacking.includes(own)
      ? [{ object: 'the log of a server whose time_zone it is', zone: own }]
      : []),
  ]
  if (needs.length === 0) return
  const objects = [...new Set(needs.map(({ object }) => object))]
  const zonesOf = (wanted: string): string[] =>
    needs.filter(({ object }) => object === wanted).map(({ zone }) => zone)
  const named = objects
    .slice(0, 5)
    .map(object => `${object} (${[...new Set(zonesOf(object))].join(', ')})`)
  throw new EcomdbError('UNSUPPORTED', {
    what: 'cannot restore into this server: it does not know time zones by name',
    why: `${objects.length} need them: ${named.join(', ')}`,
    hints: [HOW_TO_LOAD[manifest.engine], 'nothing was changed'],
  })
}

/** What is in no program shows in queries only, and there as NULL. */
export function zoneFindings(
  target: RestoreTarget,
  manifest: Manifest,
  isWanted: (schema: string) => boolean,
): string[] {
  const lacking = lackingZones(target, manifest)
  const computed = computedElsewhere(target, manifest, isWanted)
  return lacking.length === 0
    ? computed
    : [
        ...computed,
        `this server does not know time zones by name that the source knew (${someOf(lacking)}): CONVERT_TZ() with one is NULL, and so is what views and programs make of it; ${HOW_TO_LOAD[manifest.engine]}`,
      ]
}

/** A key that was made in another zone than its sessions have finds other rows, and keeps entries of changed ones. */
function computedElsewhere(
  target: RestoreTarget,
  { settings, tables }: Manifest,
  isWanted: (schema: string) => boolean,
): string[] {
  const zone = zoneOfSource(settings, target)
  const isSame = hasZoneOfSource(settings, target)
  if (zone !== null && ((isSame && zone === ROWS_ZONE) || isTold(settings))) return []
  const names = computingIn(tables, isWanted)
  if (names.length === 0) return []
  if (isSame) {
    return [
      `keys, generated columns or CHECKs hang on the session's time zone, and were computed in that of the source (${zoneText(settings)}), as sessions have it that set none. Where programs set another (+00:00, say; then set server.time_zone in ecomdb.yaml to it), such a key finds other rows, and each change of a row leaves a wrong entry in it: then compute them anew in a session of theirs, before they write, ${ANEW} of ${someOf(names)}`,
    ]
  }
  const made =
    zone === null
      ? `which cannot be had here: it was computed in UTC (${ROWS_ZONE})`
      : 'in which it was computed'
  return [
    `keys, generated columns or CHECKs hang on the session's time zone, which was ${zoneText(settings)} on the source, ${made}; that of this server is ${zoneText(target.settings)}. In a session of another zone such a key finds other rows, and each change of a row leaves a wrong entry in it. Set time_zone here to what programs had there, or compute them anew in a session of the zone that they have, before they write, ${ANEW} of ${someOf(names)}`,
  ]
}

/**
 * Where source and server are in UTC that is what most programs have, too: no finding, but who set another is told.
 *
 * @param databases those that are restored; all when undefined
 */
export function zoneNotes(
  target: RestoreTarget,
  { settings, tables }: Manifest,
  databases: readonly string[] | undefined,
): string[] {
  const zone = zoneOfSource(settings, target)
  const isSaid = isTold(settings)
  const isNote = isSaid ? zone !== null : zone === ROWS_ZONE && hasZoneOfSource(settings, target)
  const names = isNote ? computingIn(tables, schema => databases?.includes(schema) ?? true) : []
  if (isSaid && names.length > 0) {
    return [
      `keys, generated columns or CHECKs hang on the session's time zone, and were computed in ${zone}, which programs set by server.time_zone of ecomdb.yaml: of ${someOf(names)}`,
    ]
  }
  return names.length === 0
    ? []
    : [
        `keys, generated columns or CHECKs hang on the session's time zone, and were computed in UTC, the server's own there and here: where programs set another, compute them anew in a session of theirs, before they write, ${ANEW} of ${someOf(names)}`,
      ]
}

const computingIn = (tables: Manifest['tables'], isWanted: (schema: string) => boolean): string[] =>
  tables
    .filter(({ schema, create }) => isWanted(schema) && computesInZone(create))
    .map(({ schema, name }) => `${schema}.${name}`)

const ANEW = 'by ALTER TABLE … FORCE, ALGORITHM=COPY'

function zoneText(settings: Readonly<Record<string, string>>): string {
  const zone = settings['time_zone'] ?? 'not known'
  const system = zone === 'SYSTEM' ? systemZoneOf(settings) : null
  return system ? `SYSTEM, ${systemZoneText(system)}` : zone
}

function someOf(names: readonly string[]): string {
  const more = names.length - 5
  return `${names.slice(0, 5).join(', ')}${more > 0 ? ` and ${formatCount(more)} more` : ''}`
}

const HOW_TO_LOAD: Readonly<Record<Manifest['engine'], string>> = {
  mysql: 'load them as an administrator: mysql_tzinfo_to_sql /usr/share/zoneinfo | mysql mysql',
  mariadb:
    'load them as an administrator: mariadb-tzinfo-to-sql /usr/share/zoneinfo | mariadb mysql',
}

function lackingZones({ timeZones }: RestoreTarget, manifest: Manifest): string[] {
  return knownOf(manifest).filter(zone => !timeZones.includes(zone))
}

/** Of an older snapshot only what its events run in is known. */
function knownOf({ timeZones, programs }: Manifest): readonly string[] {
  return timeZones ?? zonesInTexts({ tables: [], programs: programs.filter(isEvent) })
}

const isEvent = ({ kind }: Manifest['programs'][number]): boolean => kind === 'event'
