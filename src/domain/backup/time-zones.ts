import { afterToken } from '../schema/create-table.ts'
import type { Manifest } from './manifest.ts'
import { ZONE_NAME } from './zone-of-source.ts'

/** Whoever has loaded a server's zones has most of these. */
const COMMON = [
  'UTC',
  'Europe/Berlin',
  'Europe/London',
  'America/New_York',
  'Asia/Tokyo',
  'Australia/Sydney',
]

/** Of those that texts may name. */
const MOST = 200

const CALL = /convert_tz|time_zone/i
const QUOTED = /'([A-Za-z][\w+-]*(?:\/[\w+-]+)*)'/g

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
  const names = [...COMMON, ...(ZONE_NAME.test(own) ? [own] : []), ...zonesInTexts(of)]
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
    ...programs.map(({ timeZone }) => timeZone).filter(zone => ZONE_NAME.test(zone)),
    ...texts.flatMap(quotedIn),
  ]
}

/**
 * Does a text convert times by a zone that is not in it, as of a column? Then any zone that the source knew may
 * be one that rows name.
 */
export function readsZonesOfRows({ tables, programs }: TextsOf): boolean {
  return [...tables, ...programs].some(({ create }) => readsZone(create))
}

function readsZone(text: string): boolean {
  return Array.from(text.matchAll(CONVERT), ({ index, 0: call }) =>
    argumentsFrom(text, index + call.length),
  ).some(([, ...zones]) => zones.length !== 2 || !zones.every(isToldZone))
}

const CONVERT = /\bconvert_tz`?\s*\(/gi

/** A literal, or the session's own or the server's. */
const isToldZone = (argument: string): boolean =>
  /^(?:_\w+\s*)?'[^']*'$|^@@[\w.`]*time_zone`?$/i.test(argument.trim())

/** Of a call, from behind its bracket; none where they cannot be told apart. */
function argumentsFrom(text: string, start: number): string[] {
  const found: string[] = []
  let [depth, from] = [0, start]
  try {
    for (let at = start; at < text.length; at = afterToken(text, at)) {
      const character = text[at]
      if (depth === 0 && (character === ',' || character === ')')) {
        found.push(text.slice(from, at))
        from = at + 1
        if (character === ')') return found
      }
      if (character === '(') depth += 1
      if (character === ')') depth -= 1
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  return []
}

/**
 * @param known zones that the source knew by name
 * @param lacking those of them that the target does not know
 */
export function zoneNeeds(
  { tables, programs }: Named,
  isWanted: (schema: string) => boolean,
  known: readonly string[],
  lacking: readonly string[],
): ZoneNeed[] {
  const isLacking = (zone: string): boolean => lacking.includes(zone)
  const events = programs
    .filter(({ schema, timeZone }) => isWanted(schema) && isLacking(timeZone))
    .map(({ schema, name, timeZone }) => ({ object: `event ${schema}.${name}`, zone: timeZone }))
  const computed = tables
    .filter(({ schema }) => isWanted(schema))
    .flatMap(({ schema, name, create }) =>
      [
        ...quotedIn(create).filter(isLacking),
        // It may be that its rows need none of some; and not where the target has none.
        ...(lacking.length > 0 && lacking.length === known.length && readsZone(create)
          ? ['those of its rows']
          : []),
      ].map(zone => ({ object: `table ${schema}.${name}`, zone })),
    )
  return [...events, ...computed]
}

function quotedIn(text: string): string[] {
  return CALL.test(text) ? Array.from(text.matchAll(QUOTED), ([, name = '']) => name) : []
}
