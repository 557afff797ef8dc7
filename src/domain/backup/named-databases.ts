import type { ProgramEntry } from './manifest.ts'

type ProgramText = Pick<ProgramEntry, 'kind' | 'create' | 'sqlMode'>

/**
 * Which of these databases a stored program's text names: `db.object`, quoted or not. A name that is
 * also an alias, a table, a column or a variable there counts only where nothing else can stand. Texts
 * and comments count for nothing; texts do where the program makes statements of them.
 */
export function namedDatabases(program: ProgramText, databases: readonly string[]): string[] {
  const code = codeOf(program)
  return databases.filter(database => {
    // OLD and NEW are the trigger's own rows.
    if (program.kind === 'trigger' && /^(?:old|new)$/i.test(database)) return false
    const quoted = `(?<!@)(?:${['`', '"'].map(quote => quote + escaped(database.replaceAll(quote, quote + quote)) + quote).join('|')})`
    const plain = `${escaped(database)}(?![\\w$\`"])`
    const name = `(?:${quoted}|(?<![\\w$\`"@.])${plain})`
    const qualifier = `${name}\\s*\\.\\s*(?:[\`"]|[\\w$\\u0080-\\uffff])`
    if (!new RegExp(qualifier, 'i').test(code)) return false
    // A definer may be called like a database.
    const isOther = new RegExp(`\\.\\s*(?:${quoted}|${plain})|${name}(?!\\s*[.@])`, 'i').test(code)
    return !isOther || isCertain(code, qualifier)
  })
}

/** Behind these words stands what is in a database; EXTRACT, TRIM and SUBSTRING have a FROM of their own. */
function isCertain(code: string, qualifier: string): boolean {
  const behind =
    '\\b(?:from|join|into|update|call|table|ignore|low_priority|delayed|insert|replace|quick)[\\s(]+'
  const found = new RegExp(`${behind}${qualifier}`, 'gi')
  for (const { index } of code.matchAll(found)) {
    if (!/\b(?:extract|trim|substring|substr|mid)\s*\([^()]*$/i.test(code.slice(0, index)))
      return true
  }
  return new RegExp(`${qualifier}[\\w$\`"]*\\s*(?:\\.\\s*[\\w$\`"]|\\()`, 'i').test(code)
}

/** Without comments and texts, but for what a server runs all the same. */
export function codeOf({ create, sqlMode }: ProgramText): string {
  const modes = sqlMode.split(',')
  const escapes = !modes.includes('NO_BACKSLASH_ESCAPES')
  const text = (quote: string): string =>
    `${quote}(?:${quote}${quote}|${escapes ? `\\\\[\\s\\S]|[^\\\\${quote}]` : `[^${quote}]`})*${quote}`
  const texts = modes.includes('ANSI_QUOTES') ? text("'") : `${text("'")}|${text('"')}`
  const name = modes.includes('ANSI_QUOTES') ? '`(?:[^`]|``)*`|"(?:[^"]|"")*"' : '`(?:[^`]|``)*`'
  const comment = '/\\*(?!M?!)[\\s\\S]*?\\*/|--(?=\\s)[^\\n]*|#[^\\n]*'
  const token = new RegExp(`(${name})|(${texts})|${comment}`, 'g')
  const written = (of: (literal: string) => string): string =>
    create.replace(
      token,
      (_, quoted?: string, literal?: string) =>
        quoted ?? (literal === undefined ? ' ' : of(literal)),
    )
  const code = written(() => "''")
  if (!/\bprepare\b|\bexecute\s+immediate\b/i.test(code)) return code
  return written(literal => ` ${literal.slice(1, -1)} `)
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
