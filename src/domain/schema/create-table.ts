/**
 * Reads what SHOW CREATE TABLE printed, without understanding SQL: enough to cut it into
 * its clauses and to tell which of them can be added after the rows.
 *
 * The text is the server's own, printed for a session without ANSI_QUOTES and
 * NO_BACKSLASH_ESCAPES: identifiers in backticks (doubled inside), literals in single
 * quotes with backslashes.
 */
export interface CreateTable {
  /** Up to the opening parenthesis: "CREATE TABLE `t` (". */
  head: string
  /** What is between the commas: columns, keys, constraints. */
  clauses: readonly string[]
  /** From the closing parenthesis on: ") ENGINE=InnoDB …", partitions too. */
  tail: string
}

/** @throws RangeError when the text has no balanced list of clauses */
export function parseCreateTable(create: string): CreateTable {
  const open = indexOutsideQuotes(create, '(', 0)
  if (open < 0) throw new RangeError('no list of columns in the table definition')
  const clauses: string[] = []
  let depth = 0
  let start = open + 1
  for (let at = open; at < create.length; at = afterToken(create, at)) {
    const character = create[at]
    if (character === '(') depth += 1
    if (character === ')') depth -= 1
    if (depth === 0) {
      clauses.push(create.slice(start, at).trim())
      return { head: create.slice(0, open + 1), clauses, tail: create.slice(at) }
    }
    if (depth === 1 && character === ',') {
      clauses.push(create.slice(start, at).trim())
      start = at + 1
    }
  }
  throw new RangeError('the table definition ends in the middle')
}

/** The place of `character` at or after `from`, skipping quoted text; -1 when there is none. */
function indexOutsideQuotes(text: string, character: string, from: number): number {
  for (let at = from; at < text.length; at = afterToken(text, at)) {
    if (text[at] === character) return at
  }
  return -1
}

/** Where the next token begins: quoted text is one token, all else is one character. */
export function afterToken(text: string, at: number): number {
  const quote = text[at]
  if (quote !== '`' && quote !== "'" && quote !== '"') return at + 1
  for (let end = at + 1; end < text.length; end += 1) {
    if (text[end] === '\\' && quote !== '`') {
      end += 1
    } else if (text[end] === quote) {
      if (text[end + 1] !== quote) return end + 1
      end += 1
    }
  }
  throw new RangeError(`a quoted text is not closed: ${text.slice(at, at + 40)}`)
}

/** The text with everything in quotes blanked, so that words in it are keywords. */
export function keywordsOf(clause: string): string {
  return blankQuotes(clause).replaceAll(/ +/g, ' ')
}

/** As `keywordsOf`, each place where it was: quoted text is blanks. In UTF-16 units. */
export function blankQuotes(text: string): string {
  let words = ''
  for (let at = 0; at < text.length; ) {
    const next = afterToken(text, at)
    words += next === at + 1 ? text[at] : ' '.repeat(next - at)
    at = next
  }
  return words
}

/** Every `identifier` in the text, unquoted, in order. */
export function identifiersIn(text: string): string[] {
  const names: string[] = []
  for (let at = 0; at < text.length; ) {
    const next = afterToken(text, at)
    if (text[at] === '`') names.push(text.slice(at + 1, next - 1).replaceAll('``', '`'))
    at = next
  }
  return names
}

/** The first parenthesised list of a clause, without its parentheses: a key's columns. */
export function firstList(clause: string): string {
  const open = indexOutsideQuotes(clause, '(', 0)
  let depth = 0
  for (let at = open; at >= 0 && at < clause.length; at = afterToken(clause, at)) {
    if (clause[at] === '(') depth += 1
    if (clause[at] === ')') depth -= 1
    if (depth === 0) return clause.slice(open + 1, at)
  }
  return ''
}
