import { EcomdbError } from '#core/errors'

/** Whole days, both inclusive, as the calendar writes them: "2013-11-01". */
export interface Period {
  from: string
  to: string
}

/**
 * @param from,to as a person typed them
 * @throws EcomdbError USAGE when one is no date, or they are the wrong way round
 */
export function parsePeriod(from: string, to: string): Period {
  const period = { from: parseDay('--from', from), to: parseDay('--to', to) }
  if (period.from > period.to) {
    throw new EcomdbError('USAGE', {
      what: `--from ${from} is after --to ${to}`,
      why: 'a period goes from its first day to its last, both included',
      hints: [`did you mean --from ${to} --to ${from}?`],
    })
  }
  return period
}

function parseDay(flag: string, text: string): string {
  const day = text.trim()
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) {
    throw notADay(flag, text, 'a day is written YYYY-MM-DD')
  }
  const date = new Date(`${day}T00:00:00Z`)
  // JavaScript turns 31 June into 1 July, and refuses month 13.
  if (Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== day) {
    throw notADay(flag, text, 'the calendar has no such day')
  }
  // DATETIME begins with the year 1000 (manual, "The DATE, DATETIME, and TIMESTAMP Types").
  if (day < '1000') throw notADay(flag, text, 'the server knows the years 1000 to 9999')
  return day
}

function notADay(flag: string, text: string, why: string): EcomdbError {
  return new EcomdbError('USAGE', {
    what: `${flag} is not a date: ${JSON.stringify(text)}`,
    why,
    hints: [`for example: ${flag} 2013-11-01`],
  })
}

/**
 * A support member's id as a person typed it; null stays null.
 *
 * @throws EcomdbError USAGE
 */
export function parseRepresentativeId(text: string | undefined): string | null {
  if (text === undefined) return null
  // The procedure takes a BIGINT.
  if (/^\d{1,18}$/.test(text)) return BigInt(text).toString()
  throw new EcomdbError('USAGE', {
    what: `--representative is not an id: ${JSON.stringify(text)}`,
    why: 'a support member is named by the number in support_member_id',
    hints: ['leave --representative out to see all of them with their ids'],
  })
}
