/** A column of the row, or what has to be gone over: quoted text, names and comments. */
const TOKENS =
  /(?<![\w$.@\u0080-\uffff])(NEW|OLD)\s*\.\s*(?:`((?:[^`]|``)+)`|([\w$\u0080-\uffff]+))|`(?:[^`]|``)*`|'(?:[^'\\]|\\[\s\S]|'')*'|"(?:[^"\\]|\\[\s\S]|"")*"|\/\*[\s\S]*?\*\/|--(?:\s[^\n]*|$)|#[^\n]*/gim

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
  const lost = [...trigger.matchAll(TOKENS)].flatMap(([, row, quoted, plain = '']) => {
    const name = quoted?.replaceAll('``', '`') ?? plain
    return row === undefined || there.has(name.toLowerCase())
      ? []
      : [`${row.toUpperCase()}.${name}`]
  })
  return [...new Set(lost)]
}
