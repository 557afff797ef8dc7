const ALTERS = /^(?:SET STATEMENT .* FOR )?ALTER(?: ONLINE)?( IGNORE)? TABLE\b(.*)/i
const DEFINES = /\b(ADD|MODIFY|CHANGE)(?: COLUMN\b)?(?: IF(?: NOT)? EXISTS\b)?(.*)/i

/** Not the table's own `AUTO_INCREMENT = 5`; nor a column that is called serial. */
const COUNTS = /\bAUTO_INCREMENT\b(?! ?[=\d])|^\S+ SERIAL\b|\bSERIAL DEFAULT VALUE\b/i
const UNIQUE = /\bUNIQUE\b|\bPRIMARY\b/i
const KEYED =
  /\b(?:UNIQUE|PRIMARY|INDEX|(?<!FOREIGN )KEY)\b|^\S+ SERIAL\b|\bSERIAL DEFAULT VALUE\b/i

/**
 * Does a statement give rows that are there numbers, or keep the first of some? A column that is added does, and one
 * that is made a counted one, to rows that have none. Of the latter it is taken for granted that each row has
 * one where the statement makes no key: most are about an old counter that gets another type.
 *
 * @param words without what strings, names and comments hold, and one blank between words
 */
export function numbersRows(words: string): boolean {
  const [, ignore, text] = ALTERS.exec(words) ?? []
  if (text === undefined) return false
  const columns = partsOf(text).flatMap(columnsOf)
  if (ignore && columns.some(({ text }) => UNIQUE.test(text))) return true
  const counted = columns.filter(({ text }) => COUNTS.test(text))
  if (counted.some(({ action }) => action === 'ADD')) return true
  const isKeyed = columns.some(
    column => (column.action === 'ADD' || counted.includes(column)) && KEYED.test(column.text),
  )
  return counted.length > 0 && isKeyed
}

/** `ADD` of keys and partitions, too. */
interface Column {
  action: string
  /** From its new name on. */
  text: string
}

function columnsOf(part: string): Column[] {
  const [, word, rest] = DEFINES.exec(part) ?? []
  if (word === undefined || rest === undefined) return []
  const action = word.toUpperCase()
  const text = rest.trim()
  const [, several] = (action === 'ADD' && /^\((.*)\)/.exec(text)) || []
  if (several !== undefined) return partsOf(several).map(one => ({ action, text: one.trim() }))
  return [{ action, text: action === 'CHANGE' ? text.replace(/^\S+ /, '') : text }]
}

/** What stands between commas, but for those within parentheses. */
function partsOf(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let from = 0
  for (const { 0: mark, index } of text.matchAll(/[(),]/g)) {
    if (mark === '(') depth += 1
    else if (mark === ')') depth -= 1
    else if (depth === 0) {
      parts.push(text.slice(from, index))
      from = index + 1
    }
  }
  return [...parts, text.slice(from)]
}
