import { EcomdbError } from '#core/errors'
import { momentsShowing } from '../time-zone.ts'

/** What a restore goes up to. */
export type Moment =
  /** Everything that was committed before this time, and nothing behind that in the log. */
  | { kind: 'at'; us: number; text: string }
  /** As little as has all of these transactions. */
  | { kind: 'gtid'; set: string }
  /** Everything before this transaction. */
  | { kind: 'before-gtid'; gtid: string }

/** The moment in words, for plans and messages. */
export function momentText(moment: Moment): string {
  if (moment.kind === 'at') return moment.text
  return moment.kind === 'gtid' ? `GTIDs ${moment.set}` : `just before GTID ${moment.gtid}`
}

const TIME =
  /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)? ?(Z|[+-]\d\d:?\d\d)?$/

/**
 * A time as a person writes it, with its offset from UTC or in a time zone.
 *
 * @param zone an IANA name, for a text without an offset
 * @throws EcomdbError USAGE when it is none, or the zone's clocks showed it twice or never
 */
export function parseMoment(text: string, zone: string): Moment & { kind: 'at' } {
  const parts = TIME.exec(text.trim())
  if (!parts) throw notATime(text, 'it is written as 2026-11-20 13:37:00')
  const [, year, month, day, hour, minute, second = '0', fraction = '', offset] = parts
  const numbers = [year, month, day, hour, minute, second].map(Number)
  const [y = 0, m = 0, d = 0, h = 0, min = 0, s = 0] = numbers
  const wallMs = Date.UTC(y, m - 1, d, h, min, s)
  const again = new Date(wallMs)
  const real = again.getUTCMonth() === m - 1 && again.getUTCDate() === d && h < 24 && min < 60
  if (!real || s > 59) throw notATime(text, 'there is no such day or time')
  const micros = Number(fraction.padEnd(6, '0'))
  const ms = offset === undefined ? inZone(text, wallMs, zone) : wallMs - offsetMs(offset)
  const utc = new Date(ms).toISOString().replace('T', ' ').slice(0, 19)
  const shown = `${utc}${fraction && `.${fraction}`} UTC`
  const own = offset === undefined && zone !== 'UTC' ? ` (${text.trim()} in ${zone})` : ''
  return { kind: 'at', us: ms * 1000 + micros, text: `${shown}${own}` }
}

function offsetMs(offset: string): number {
  if (offset === 'Z') return 0
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(offset) ?? []
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
}

/** The one moment at which the clocks of a zone showed this. */
function inZone(text: string, wallMs: number, zone: string): number {
  const found = momentsShowing(wallMs, zone)
  const [only] = found
  if (only !== undefined && found.length === 1) return only
  throw notATime(
    text,
    found.length === 0
      ? `in ${zone} the clocks were put forward over it`
      : `in ${zone} the clocks were put back, and showed it twice`,
  )
}

function notATime(text: string, why: string): EcomdbError {
  return new EcomdbError('USAGE', {
    what: `"${text}" is not a time to restore to`,
    why,
    hints: ["write it as '2026-11-20 13:37:00+01:00', or with --time-zone Europe/Berlin"],
  })
}

/** @throws EcomdbError USAGE when there is no such zone */
export function checkZone(zone: string): string {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: zone }).resolvedOptions().timeZone
  } catch (error) {
    throw new EcomdbError('USAGE', {
      what: `"${zone}" is not a time zone`,
      why: 'it is a name of the IANA data base',
      hints: ['for example UTC or Europe/Berlin'],
      cause: error,
    })
  }
}
