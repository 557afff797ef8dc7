/** What the clocks on the walls of a zone show: a day (UTC midnight of its date) and the time in it. */
export interface WallTime {
  year: number
  /** 1 to 12. */
  month: number
  day: number
  hour: number
  minute: number
  second: number
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** Making one takes a hundred times as long as using it. */
function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone)
  if (known) return known
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  formats.set(zone, made)
  return made
}

/** What a zone's clocks show at a moment. */
export function wallTimeAt(ms: number, zone: string): WallTime {
  const parts = new Map(
    formatOf(zone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0
  return {
    ...{ year: part('year'), month: part('month'), day: part('day') },
    ...{ hour: part('hour'), minute: part('minute'), second: part('second') },
  }
}

/** How far a zone's clocks are ahead of UTC, in ms. */
export function zoneOffsetMs(ms: number, zone: string): number {
  const { year, month, day, hour, minute, second } = wallTimeAt(ms, zone)
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(ms / 1000) * 1000
}

/**
 * Every moment at which the clocks of a zone show a time: one; two where they were put back over
 * it; none where they were put forward over it.
 *
 * @param wallMs the time as if it were UTC
 */
export function momentsShowing(wallMs: number, zone: string): number[] {
  const offsets = [wallMs - DAY_MS, wallMs + DAY_MS].map(ms => zoneOffsetMs(ms, zone))
  return [...new Set(offsets)]
    .map(offset => wallMs - offset)
    .filter(ms => ms + zoneOffsetMs(ms, zone) === wallMs)
    .sort((a, b) => a - b)
}

/** The moment at which the clocks of a zone were put forward over a time that they never showed. */
export function momentOfLeap(wallMs: number, zone: string): number {
  let [before, after] = [wallMs - DAY_MS - zoneOffsetMs(wallMs - DAY_MS, zone), wallMs + DAY_MS]
  const offset = zoneOffsetMs(before, zone)
  after -= zoneOffsetMs(after, zone)
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (zoneOffsetMs(middle, zone) === offset) before = middle
    else after = middle
  }
  return after
}

/** Is this a name of the IANA data base? */
export function isZone(zone: string): boolean {
  try {
    formatOf(zone)
    return true
  } catch {
    return false
  }
}

const DAY_MS = 86_400_000
