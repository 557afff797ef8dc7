import { afterToken, blankQuotes, identifiersIn, parseCreateTable } from './create-table.ts'

/**
 * Names of one database's objects in definitions that the server printed, moved into a
 * database of another name. The servers leave a table's own database out, and write it
 * before functions and sequences.
 */
export interface SchemaMove {
  from: string
  to: string
  /** Functions and sequences of `from` that move with it. */
  moved: ReadonlySet<string>
}

/**
 * Replaces `from`.`name` by `to`.`name` for what moves. A table's alias may be called like
 * the database, so that `from`.`name` alone may be a column: only names that are called, or
 * that stand where only a sequence can, are touched.
 */
export function moveQualified(text: string, { from, to, moved }: SchemaMove): string {
  const prefix = `${quoted(from)}.`
  let result = ''
  for (let at = 0; at < text.length; ) {
    const next = afterToken(text, at)
    const name = text.startsWith(prefix, at) ? tokenAt(text, at + prefix.length) : null
    if (name !== null && moved.has(unquoted(name)) && isCalled(text, at, prefix + name)) {
      result += `${quoted(to)}.${name}`
      at += prefix.length + name.length
    } else {
      result += text.slice(at, next)
      at = next
    }
  }
  return result
}

function isCalled(text: string, at: number, name: string): boolean {
  return (
    text[at + name.length] === '(' ||
    /\b(nextval|lastval|setval|next value for|previous value for) ?\(?$/i.test(text.slice(0, at))
  )
}

function tokenAt(text: string, at: number): string | null {
  return text[at] === '`' ? text.slice(at, afterToken(text, at)) : null
}

const quoted = (name: string): string => `\`${name.replaceAll('`', '``')}\``
const unquoted = (name: string): string => name.slice(1, -1).replaceAll('``', '`')

/**
 * Takes out the foreign keys to tables that are not there: one to a table of the live
 * database would hold on to rows that others want to delete.
 *
 * @param stays tells of a table in the same database whether it is there
 * @returns the definition, and the names of the tables that it no longer refers to
 */
export function withoutForeignKeys(
  create: string,
  stays: (table: string) => boolean,
): { create: string; left: string[] } {
  const { head, clauses, tail } = parseCreateTable(create)
  const left: string[] = []
  const kept = clauses.filter(clause => {
    const target = foreignTarget(clause)
    if (target === null || (target.length === 1 && stays(target[0] ?? ''))) return true
    left.push(target.join('.'))
    return false
  })
  return left.length
    ? { create: `${head}\n  ${kept.join(',\n  ')}\n${tail}`, left }
    : { create, left }
}

/** The name behind REFERENCES, in its parts; null for what is no foreign key. */
export function foreignTarget(clause: string): string[] | null {
  const words = blankQuotes(clause)
  const references = / REFERENCES /.exec(words)
  if (!references || !/^CONSTRAINT +FOREIGN KEY/.test(words)) return null
  const start = references.index + references[0].length
  const end = words.indexOf('(', start)
  return identifiersIn(clause.slice(start, end))
}

const IDENTIFIER = '(?:`(?:[^`]|``)+`|"(?:[^"]|"")+"|[\\w$\\u0080-\\uffff]+)'
const TRIGGER = new RegExp(
  `^(CREATE\\s+(?:OR\\s+REPLACE\\s+)?(?:DEFINER\\s*=\\s*${IDENTIFIER}(?:@${IDENTIFIER})?\\s+)?TRIGGER\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?)` +
    `(?:${IDENTIFIER}\\s*\\.\\s*)?(${IDENTIFIER}\\s+(?:BEFORE|AFTER)\\s+(?:INSERT|UPDATE|DELETE)\\s+ON\\s+)` +
    `(?:${IDENTIFIER}\\s*\\.\\s*)?(${IDENTIFIER}\\s+FOR\\s+EACH\\s+ROW\\b)`,
  'i',
)

/**
 * A trigger's statement is kept as its author wrote it, perhaps with the database before
 * its name and its table's: there it would be made on the live table.
 *
 * @returns null where the head cannot be read for certain
 */
export function unqualifiedTrigger(create: string): string | null {
  const head = TRIGGER.exec(create)
  if (!head) return null
  const [whole, start, name, table] = head
  return `${start}${name}${table}${create.slice(whole.length)}`
}

/** Does a stored program's text name the database? Comments count: better one too many. */
export function names(text: string, schema: string): boolean {
  const plain = schema.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const quotedName = quoted(schema).replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const ansiName = `"${plain.replaceAll('"', '""')}"`
  return new RegExp(`(?:${quotedName}|${ansiName}|(?<![\\w$])${plain})\\s*\\.`, 'i').test(text)
}
