/** Rows of the keyboards that people walk along: QWERTY, QWERTZ and AZERTY, and the digits. */
const KEYBOARD = [
  ...['qwertyuiop', 'asdfghjkl', 'zxcvbnm', '1234567890'],
  ...['qwertzuiop', 'yxcvbnm', 'azertyuiop', 'qsdfghjklm', 'wxcvbn'],
]
const ROWS = KEYBOARD.flatMap(row => [row, [...row].reverse().join('')])

/** The most times that one character stands in a row, without regard to case; 0 for nothing. */
export function longestRepeat(text: string): number {
  return longest([...text.toLowerCase()], (before, next) => before === next)
}

/**
 * The longest run: characters that follow each other in the alphabet, among the digits or on
 * a row of a keyboard, forwards or backwards ("abc", "321", "qwe", "lkj"), without regard to
 * case. 0 for nothing, and 1 where no two follow each other.
 */
export function longestRun(text: string): number {
  const characters = [...text.toLowerCase()]
  return Math.max(
    longest(
      characters,
      (before, next) => isLetterOrDigit(before, next) && step(before, next) === 1,
    ),
    longest(
      characters,
      (before, next) => isLetterOrDigit(before, next) && step(before, next) === -1,
    ),
    ...ROWS.map(row => longest(characters, (before, next) => row.includes(before + next))),
  )
}

function longest(characters: readonly string[], goesOn: (a: string, b: string) => boolean): number {
  let best = Math.min(characters.length, 1)
  let length = best
  for (const [at, next] of characters.entries()) {
    const before = characters[at - 1]
    if (before === undefined) continue
    length = goesOn(before, next) ? length + 1 : 1
    best = Math.max(best, length)
  }
  return best
}

function isLetterOrDigit(before: string, next: string): boolean {
  return (isLetter(before) && isLetter(next)) || (isDigit(before) && isDigit(next))
}

const isLetter = (character: string): boolean => /^\p{L}$/u.test(character)
const isDigit = (character: string): boolean => /^\d$/.test(character)

function step(before: string, next: string): number {
  return (next.codePointAt(0) ?? 0) - (before.codePointAt(0) ?? 0)
}
