import { textWidth } from '#core/text-width'

/** The least that a column of words is broken to; narrower ones are left to the terminal. */
const LEAST = 24

/**
 * Rows of cells as lines of text, two spaces between columns, none at the end. On a terminal that
 * is too narrow the words of the last column go on below themselves.
 */
export function alignColumns(
  rows: readonly (readonly string[])[],
  sides: readonly ('left' | 'right')[],
  width: number = textWidth(),
): string {
  const widths = sides.map((_, at) => Math.max(0, ...rows.map(row => row[at]?.length ?? 0)))
  const before = widths.slice(0, -1).reduce((sum, one) => sum + one + 2, 0)
  const room = sides.at(-1) === 'left' && width - before >= LEAST ? width - before : null
  return rows
    .flatMap(row => {
      const [first = '', ...rest] = wordLines(row[sides.length - 1] ?? '', room)
      const cells = row.length === sides.length ? [...row.slice(0, -1), first] : row
      return [lineOf(cells, sides, widths), ...rest.map(line => ' '.repeat(before) + line)]
    })
    .join('\n')
}

function lineOf(
  cells: readonly string[],
  sides: readonly ('left' | 'right')[],
  widths: readonly number[],
): string {
  return cells
    .map((cell, at) =>
      sides[at] === 'right' ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0),
    )
    .join('  ')
    .trimEnd()
}

/** A word that is longer than the room, a path for example, stays whole: it is to be copied. */
function wordLines(text: string, room: number | null): string[] {
  if (room === null || text.length <= room) return [text]
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line && line.length + 1 + word.length > room) {
      lines.push(line)
      line = word
    } else line = line ? `${line} ${word}` : word
  }
  return [...lines, line]
}
