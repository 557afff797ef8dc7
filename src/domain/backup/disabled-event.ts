import { QUOTED } from '../schema/binary-literals.ts'

/**
 * The same event, disabled: its word ENABLE before DO becomes DISABLE. An event that is
 * disabled already stays as it is.
 *
 * @param create what SHOW CREATE EVENT printed
 */
export function disabledEvent(create: string): string {
  const words = blanked(create)
  const head = /\sDO\s/i.exec(words)?.index ?? words.length
  // A comment behind it may be one under NO_BACKSLASH_ESCAPES, which blanks too much.
  const state = /\s(?:ENABLE|DISABLE)\s/i.exec(`${words.slice(0, head)} `)
  if (!state || /DISABLE/i.test(state[0])) return create
  const enable = state.index
  return `${create.slice(0, enable + 1)}DISABLE${create.slice(enable + 1 + 'ENABLE'.length)}`
}

/** Quoted text as blanks of the same length; the body may have a quote that is never closed. */
function blanked(text: string): string {
  return text.replace(QUOTED, quoted => ' '.repeat(quoted.length))
}
