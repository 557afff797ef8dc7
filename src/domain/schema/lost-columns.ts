const LETTER = String.raw`[\w$\u0080-\uffff]`

/** What a name of a table or program stands behind: there NEW and OLD are databases. FROM of a function is before a value. */
const BEFORE_NAME = String.raw`\b(?:INTO|(?:STRAIGHT_)?JOIN|UPDATE|TABLE|TRIGGER|EXISTS|INSERT|REPLACE|IGNORE|CALL|(?<!\b(?:EXTRACT|TRIM|SUBSTR(?:ING)?|MID)\s*\([^()]*\b)FROM)\s+`

/** So do a name of three parts, a function, and the table of the trigger itself go on. */
const AFTER_NAME = String.raw`${LETTER}|[\`"]|\s*[.(]|\s+FOR\s+EACH\s+ROW\b`

/** A column of the row. Quotes are doubled in names; those of ANSI_QUOTES mean nothing else here. */
const COLUMN = String.raw`(?<!${LETTER}|[.@]|${BEFORE_NAME})(?<mark>[\`"]?)(?<row>NEW|OLD)\k<mark>\s*\.\s*(?:\`(?<ticked>(?:[^\`]|\`\`)+)\`|"(?<quoted>(?:[^"]|"")+)"|(?<plain>${LETTER}+))(?!${AFTER_NAME})`

/** What has to be gone over: quoted text, names and comments. */
const OTHERS =
  /`(?:[^`]|``)*`|'(?:[^'\\]|\\[\s\S]|'')*'|"(?:[^"\\]|\\[\s\S]|"")*"|\/\*[\s\S]*?\*\/|--(?:\s[^\n]*|$)|#[^\n]*/

const TOKENS = new RegExp(`${COLUMN}|${OTHERS.source}`, 'gim')

/** Columns that a server gives a table without saying so. */
const UNSHOWN = ['row_start', 'row_end', 'my_row_id']

/**
 * What a trigger's text takes from its row, as "NEW.old", for which the table has no column any more. Both engines
 * let a column go that a trigger uses: each statement that fires it fails from then on (1054), and so does each
 * CREATE TRIGGER. In a trigger NEW and OLD are names of the row alone (MySQL reference manual, "Trigger Syntax and
 * Examples").
 */
export function lostColumns(trigger: string, columns: readonly string[]): string[] {
  const there = new Set([...columns, ...UNSHOWN].map(name => name.toLowerCase()))
  const lost = [...trigger.matchAll(TOKENS)].flatMap(({ groups = {} }) => {
    const { row, ticked, quoted, plain = '' } = groups
    const name = ticked?.replaceAll('``', '`') ?? quoted?.replaceAll('""', '"') ?? plain
    return row === undefined || there.has(name.toLowerCase())
      ? []
      : [`${row.toUpperCase()}.${name}`]
  })
  return [...new Set(lost)]
}
