/** What a view's text reads: a table, view or sequence, or a function that it calls. */
export interface ViewRead {
  kind: 'table' | 'function'
  /** null: of the view's own database, which the servers leave out. */
  schema: string | null
  name: string
}

const QUOTED = '`(?:[^`]|``)+`'
const TABLE = new RegExp(
  `(?:\\b(?:from|join|straight_join) \\(*|\\b(?:nextval|lastval|setval)\\()(${QUOTED})(?:\\.(${QUOTED}))?(?![.(])`,
  'gi',
)
const FUNCTION = new RegExp(`(?<![.\`])(?:(${QUOTED})\\.)?(${QUOTED})\\(`, 'g')
/** These have a FROM of their own. */
const OWN_FROM = /\b(?:extract|trim|substring|substr|mid)\([^()]*$/i

/**
 * As both servers print it: `` from `db`.`table` ``, `` join `db`.`table` ``, `` `db`.`function`( ``. One too
 * few is found out later; one too many would refuse what can be restored, so a database whose name is also
 * that of a table, an alias or a column counts as nothing.
 */
export function readsOfView(create: string): ViewRead[] {
  const text = withoutLiterals(create)
  const reads: ViewRead[] = []
  const add = (kind: ViewRead['kind'], first: string, second: string | undefined): void => {
    if (second === undefined) reads.push({ kind, schema: null, name: unquoted(first) })
    else if (!isOtherName(text, first))
      reads.push({ kind, schema: unquoted(first), name: unquoted(second) })
  }
  for (const { 1: first = '', 2: second, index } of text.matchAll(TABLE)) {
    if (!OWN_FROM.test(text.slice(0, index))) add('table', first, second)
  }
  for (const { 1: schema, 2: name = '' } of text.matchAll(FUNCTION)) {
    if (schema === undefined) add('function', name, undefined)
    else add('function', schema, name)
  }
  return reads
}

/**
 * Columns that a view's text names of a table or view that it reads in another database, as both servers print
 * them: by the table's own name, or by its alias where that is nothing else in the whole text.
 */
export function columnsOfRead(create: string, schema: string, name: string): string[] {
  const text = withoutLiterals(create)
  const table = escaped(`${quotedName(schema)}.${quotedName(name)}`)
  const aliases = Array.from(
    text.matchAll(new RegExp(`(?<![.\`])${table} (${QUOTED})(?![.(])`, 'g')),
    ([, alias = '']) => alias,
  )
  const named = [table, ...aliases.filter(alias => isOnlyAlias(text, alias)).map(escaped)]
  const columns = named.flatMap(one =>
    Array.from(
      text.matchAll(new RegExp(`(?<![.\`@])${one}\\.(${QUOTED})(?![.(\`])`, 'g')),
      ([, column = '']) => unquoted(column),
    ),
  )
  return [...new Set(columns)]
}

/** It stands alone once, where it is given; a database or a second table may be called so, too. */
function isOnlyAlias(text: string, alias: string): boolean {
  const alone = new RegExp(`(?<![.\`])${escaped(alias)}(?!\\.)`, 'g')
  const asDatabase = new RegExp(`${escaped(alias)}\\.${QUOTED}(?:[.(]| ${QUOTED})`)
  return [...text.matchAll(alone)].length === 1 && !asDatabase.test(text)
}

/**
 * The text with another database in place of one. MariaDB names a view's own database, too, where the view
 * reads others; as it stands, the copy would read the live tables.
 */
export function movedReads(create: string, from: string, to: string): string {
  const prefix = quotedName(from)
  if (!readsOfView(create).some(({ kind, schema }) => kind === 'table' && schema === from))
    return create
  // Where that is so the name is no alias, and stands for the database wherever a dot follows.
  return create.replace(/(`(?:[^`]|``)+`)(\.?)|'(?:[^'\\]|\\.|'')*'/gs, (all, name, dot) =>
    name === prefix && dot === '.' ? `${quotedName(to)}.` : all,
  )
}

/** Does it stand where a database cannot? A definer may be called like one. */
function isOtherName(text: string, quoted: string): boolean {
  const name = escaped(quoted)
  return new RegExp(`\\.${name}|(?<!@)${name}(?![.@])`).test(text)
}

/** With every identifier as it is, whatever is in it. */
function withoutLiterals(text: string): string {
  return text.replace(/(`(?:[^`]|``)+`)|'(?:[^'\\]|\\.|'')*'/gs, (_, name?: string) => name ?? "''")
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
const quotedName = (name: string): string => `\`${name.replaceAll('`', '``')}\``
const unquoted = (name: string): string => name.slice(1, -1).replaceAll('``', '`')
