import type { Readable } from 'node:stream'

/** mariadb-binlog ends each statement so; a row in row format is a statement of base64. */
export const DELIMITER = '/*!*/;\n'

/** Characters of a statement that are looked at: what a table is made of comes before its rows. */
const LOOKED_AT = 2 ** 20

/** Strings, names, comments; and the two ends of a comment that is executed. An open one ends with the text. */
export const TOKENS =
  /'[^'\\]*(?:(?:\\.|'')[^'\\]*)*(?:'|$)|"[^"\\]*(?:(?:\\.|"")[^"\\]*)*(?:"|$)|`[^`]*(?:`|$)|#[^\n]*|--(?=\s)[^\n]*|\/\*M?!\d*|\/\*.*?(?:\*\/|$)|\*\//gs

/** A statement as the tool prints it, comments included. */
export type IsWanted = (statement: string) => boolean

/** Reads along what the tool prints; `found` is called once, when a statement is as wanted. */
export function watchStatements(output: Readable, isWanted: IsWanted, found: () => void): void {
  let statement = ''
  let held = ''
  const look = (chunk: Buffer): void => {
    const parts = `${held}${chunk.toString('latin1')}`.split(DELIMITER)
    const last = parts.pop() ?? ''
    for (const part of parts) {
      const whole = kept(statement, part)
      statement = ''
      if (!isWanted(whole)) continue
      output.off('data', look)
      found()
      return
    }
    // Its end may be the beginning of a delimiter.
    const sure = Math.max(0, last.length - DELIMITER.length + 1)
    statement = kept(statement, last.slice(0, sure))
    held = last.slice(sure)
  }
  output.on('data', look)
}

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
 * Does a statement write which roles its session has? MySQL's log does not tell (MariaDB's has rows then), and a
 * replay has none.
 */
export const asksRoles: IsWanted = statement =>
  /\bCURRENT_ROLE\b/i.test(statement) &&
  /^(?:INSERT|UPDATE|DELETE|REPLACE|LOAD|WITH|SELECT)\b.*\bCURRENT_ROLE\b/i.test(wordsOf(statement))

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
