import type { Manifest } from './manifest.ts'

/** Whoever has loaded a server's zones has most of these. */
const COMMON = [
  'UTC',
  'Europe/Berlin',
  'Europe/London',
  'America/New_York',
  'Asia/Tokyo',
  'Australia/Sydney',
]

/** A statement that asks a server for more is no better an answer. */
const MOST = 200

const CALL = /convert_tz|time_zone/i
const QUOTED = /'([A-Za-z][\w+-]*(?:\/[\w+-]+)*)'/g
/** "+02:00" and SYSTEM need no tables. */
const NAME = /^(?!SYSTEM$)[A-Za-z]/i

type Named = Pick<Manifest, 'settings' | 'tables' | 'programs'>

/** A table or event that the server makes otherwise, or not at all, without the zone. */
export interface ZoneNeed {
  object: string
  zone: string
}

/**
 * Names that may be of time zones: a server knows them by tables of its own database (mysql.time_zone_name
 * and its like), which no backup of rows has, and answers NULL where it has none.
 */
export function zonesToAsk(of: Pick<Manifest, 'settings'> & TextsOf): string[] {
  const own = of.settings['time_zone'] ?? ''
  const names = [...COMMON, ...(NAME.test(own) ? [own] : []), ...zonesInTexts(of)]
  return [...new Set(names)].slice(0, MOST)
}

interface TextsOf {
  tables: readonly { create: string }[]
  programs: readonly Pick<Manifest['programs'][number], 'create' | 'timeZone'>[]
}

/** Those that events run in, and names in quotes where a text converts times. */
export function zonesInTexts({ tables, programs }: TextsOf): string[] {
  const texts = [...tables, ...programs].map(({ create }) => create)
  return [
    ...programs.map(({ timeZone }) => timeZone).filter(zone => NAME.test(zone)),
    ...texts.flatMap(quotedIn),
  ]
}

/** @param lacking zones that the source knew by name, and the target does not */
export function zoneNeeds(
  { tables, programs }: Named,
  isWanted: (schema: string) => boolean,
  lacking: readonly string[],
): ZoneNeed[] {
  const isLacking = (zone: string): boolean => lacking.includes(zone)
  const events = programs
    .filter(({ schema, timeZone }) => isWanted(schema) && isLacking(timeZone))
    .map(({ schema, name, timeZone }) => ({ object: `event ${schema}.${name}`, zone: timeZone }))
  const computed = tables
    .filter(({ schema }) => isWanted(schema))
    .flatMap(({ schema, name, create }) =>
      quotedIn(create)
        .filter(isLacking)
        .map(zone => ({ object: `table ${schema}.${name}`, zone })),
    )
  return [...events, ...computed]
}

function quotedIn(text: string): string[] {
  return CALL.test(text) ? Array.from(text.matchAll(QUOTED), ([, name = '']) => name) : []
}
