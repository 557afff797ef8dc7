import type { Readable } from 'node:stream'
import type { Unlogged } from '#domain/binlog/unlogged'
import type { ReplayOptions } from '../../binlog.ts'
import { numbersRows } from './numbers-rows.ts'

/** mariadb-binlog ends each statement so; a row in row format is a statement of base64. */
export const DELIMITER = '/*!*/;\n'

/** Characters of a statement that are looked at: what a table is made of comes before its rows. */
const LOOKED_AT = 2 ** 20

/** Strings, names, comments; and the two ends of a comment that is executed. An open one ends with the text. */
export const TOKENS =
  /'[^'\\]*(?:(?:\\.|'')[^'\\]*)*(?:'|$)|"[^"\\]*(?:(?:\\.|"")[^"\\]*)*(?:"|$)|`[^`]*(?:`|$)|#[^\n]*|--(?=\s)[^\n]*|\/\*M?!\d*|\/\*.*?(?:\*\/|$)|\*\//gs

/** RAND() is logged with its seeds where rows come of it. A table may be called `user`, and be inserted into. */
const ANEW =
  /(?<!\b(?:INTO|INSERT|REPLACE|IGNORE|TABLE) |\.)\b(?:UUID(?:_SHORT|_V[47])?|SYS_GUID|ROW_COUNT|FOUND_ROWS|(?:SESSION_|SYSTEM_|CURRENT_)?USER) ?\( ?\)|\bCURRENT_USER\b|\b(?:LOAD_FILE|RANDOM_BYTES) ?\(/i

const WRITES =
  /^(?:SET STATEMENT .* FOR )?(?:INSERT|UPDATE|DELETE|REPLACE|LOAD|WITH|SELECT|CREATE\b[^(]*\bTABLE\b.*\bSELECT)\b/i

const ADDS = /^(?:SET STATEMENT .* FOR )?ALTER\b[^(]*\bTABLE\b.*\bADD\b.*?\bDEFAULT\b(.*)/i

/** A statement as the tool prints it, comments included. */
export type IsWanted = (statement: string) => boolean

/** What is looked for, and who is told of it: once. */
export interface Watch {
  isWanted: IsWanted
  found: () => void
}

/** Reads along what the tool prints. */
export function watchStatements(output: Readable, watches: readonly Watch[]): void {
  let left = watches
  let statement = ''
  let held = ''
  const look = (chunk: Buffer): void => {
    const parts = `${held}${chunk.toString('latin1')}`.split(DELIMITER)
    const last = parts.pop() ?? ''
    for (const part of parts) {
      const whole = kept(statement, part)
      statement = ''
      if (IS_ROWS.test(whole)) continue
      const found = left.filter(({ isWanted }) => isWanted(whole))
      if (found.length > 0) left = left.filter(watch => !found.includes(watch))
      for (const watch of found) watch.found()
    }
    if (left.length === 0) output.off('data', look)
    // Its end may be the beginning of a delimiter.
    const sure = Math.max(0, last.length - DELIMITER.length + 1)
    statement = kept(statement, last.slice(0, sure))
    held = last.slice(sure)
  }
  output.on('data', look)
}

/** Most of what is printed, and in letters that mean nothing. */
const IS_ROWS = /^(?:#.*\n|\s+)*BINLOG '/

/** Does a statement put a table elsewhere, by a dialect's words for it? */
export const putsElsewhere =
  (elsewhere: RegExp): IsWanted =>
  statement =>
    /\bDIRECTORY\b/i.test(statement) && elsewhere.test(wordsOf(statement))

/**
 * Is a statement run whose outcome depends on the system's time zone? The tool sets a session's zone before
 * the first statement that asked for it, and MySQL's before the BEGIN of rows, too, which do not depend on it.
 */
export function asksSystemZone(): IsWanted {
  let isSystem = false
  return statement => {
    const text = statement.replace(/^(?:#.*\n|\s)+/, '')
    const [, zone] = /^SET @@session\.time_zone='([^']*)'/.exec(text) ?? []
    if (zone !== undefined) isSystem = zone === 'SYSTEM'
    if (!isSystem || /^(?:SET @@|SET TIMESTAMP|BINLOG '|BEGIN\b|COMMIT\b)/.test(text)) return false
    return OF_ITS_TIME.test(wordsOf(text))
  }
}

/**
 * Does a statement write what no log tells? MySQL logs `CURRENT_ROLE()` so (MariaDB's log has rows then), and a
 * session of STATEMENT whatever is made anew each time. MariaDB logs but the ALTER TABLE by which a column is
 * added that has such a default in each row; MySQL refuses it.
 */
export const ASKS: Readonly<Record<Exclude<Unlogged, 'search' | 'longer'>, IsWanted>> = {
  anew: asks(ANEW, /\bRAND ?\(|@|\b(?:NEXTVAL|LASTVAL|(?:NEXT|PREVIOUS) VALUE FOR)\b/i),
  order: statement => /\bALTER\b/i.test(statement) && numbersRows(wordsOf(statement)),
  roles: asks(/\bCURRENT_ROLE\b/i),
  sysdate: asks(/\bSYSDATE ?\(/i),
}

function asks(what: RegExp, more = what): IsWanted {
  return statement => {
    const mayAdd = /\bALTER\b/i.test(statement) && more.test(statement)
    if (!what.test(statement) && !mayAdd) return false
    const words = wordsOf(statement)
    const added = ADDS.exec(words)?.[1] ?? ''
    return (WRITES.test(words) && what.test(words)) || what.test(added) || more.test(added)
  }
}

/** Does a statement write what may be longer than the packets of the source, see ReplayOptions.longer? */
export function asksLonger(longer: ReplayOptions['longer']): IsWanted {
  return longer === null ? () => false : asks(longer === 'any' ? LENGTHENS : REPEATS)
}

const REPEATS = /\b(?:REPEAT|SPACE|[LR]PAD|UNCOMPRESS) ?\(/i
const LENGTHENS =
  /\b(?:REPEAT|SPACE|[LR]PAD|UNCOMPRESS|CONCAT(?:_WS)?|REPLACE|HEX|TO_BASE64|QUOTE|REGEXP_REPLACE) ?\(/i

/**
 * Does a statement write what depends on a full-text search, its own or one of a view or a program?
 *
 * @param searches is there one of these?
 */
export function asksSearch(searches: boolean): IsWanted {
  let isThere = searches
  return statement => {
    const mayAsk = /\bAGAINST\b/i.test(statement)
    if (!isThere && !mayAsk) return false
    const words = wordsOf(statement)
    const asks = mayAsk && /\bMATCH\b.*\bAGAINST ?\(/i.test(words)
    if (WRITES.test(words)) return isThere || asks
    isThere ||= asks
    return false
  }
}

/** Rows that are changed by a statement; a table or an event that is made with a time in it. */
const OF_ITS_TIME =
  /^(?:INSERT|UPDATE|DELETE|REPLACE|LOAD|CALL|WITH|SELECT|SET STATEMENT)\b|^(?:CREATE|ALTER)\b[^(]*\b(?:TABLE\b.*\b(?:NOW|(?:UNIX_)?TIMESTAMP|FROM_UNIXTIME|LOCALTIME\w*|SYSDATE|CURDATE|CURTIME|CURRENT_(?:TIME|DATE)\w*)\b|EVENT\b)/i

const kept = (statement: string, more: string): string =>
  statement.length >= LOOKED_AT ? statement : (statement + more).slice(0, LOOKED_AT)

/** One blank between words; comments are blanks, strings '' and quoted names ``. */
function wordsOf(statement: string): string {
  return statement
    .replaceAll(TOKENS, token => (/^['"`]/.test(token) ? ` ${token[0]}${token[0]} ` : ' '))
    .replaceAll(/\s+/g, ' ')
    .trim()
}
