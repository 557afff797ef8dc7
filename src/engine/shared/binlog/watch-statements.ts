import type { Readable } from 'node:stream'

/** mariadb-binlog ends each statement so; a row in row format is a statement of base64. */
const DELIMITER = '/*!*/;\n'

/** Characters of a statement that are looked at: what a table is made of comes before its rows. */
const LOOKED_AT = 2 ** 20

/** Strings, names, comments; and the two ends of a comment that is executed. An open one ends with the text. */
const TOKENS =
  /'[^'\\]*(?:(?:\\.|'')[^'\\]*)*(?:'|$)|"[^"\\]*(?:(?:\\.|"")[^"\\]*)*(?:"|$)|`[^`]*(?:`|$)|#[^\n]*|--(?=\s)[^\n]*|\/\*M?!\d*|\/\*.*?(?:\*\/|$)|\*\//gs

/** Reads along what the tool prints; `found` is called once, when a statement is as wanted. */
export function watchStatements(output: Readable, wanted: RegExp, found: () => void): void {
  let statement = ''
  let held = ''
  const look = (chunk: Buffer): void => {
    const parts = `${held}${chunk.toString('latin1')}`.split(DELIMITER)
    const last = parts.pop() ?? ''
    for (const part of parts) {
      const whole = kept(statement, part)
      statement = ''
      if (!/\bDIRECTORY\b/i.test(whole) || !wanted.test(wordsOf(whole))) continue
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

const kept = (statement: string, more: string): string =>
  statement.length >= LOOKED_AT ? statement : (statement + more).slice(0, LOOKED_AT)

/** One blank between words; comments are blanks, strings '' and quoted names ``. */
function wordsOf(statement: string): string {
  return statement
    .replaceAll(TOKENS, token => (/^['"`]/.test(token) ? ` ${token[0]}${token[0]} ` : ' '))
    .replaceAll(/\s+/g, ' ')
    .trim()
}
