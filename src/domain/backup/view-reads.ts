/** What a view's text reads: a table, view or sequence, or a function that it calls. */
export interface ViewRead {
  kind: 'table' | 'function'
  /** null: of the view's own database, which the servers leave out. */
  schema: string | null
  name: string
}

const QUOTED = '`(?:[^`]|``)+`'
/** A name of one to three parts, a text, a word, or one character of anything else. */
const TOKEN = new RegExp(`(${QUOTED}(?:\\.${QUOTED})*)|'(?:[^'\\\\]|\\\\.|'')*'|(\\w+)|\\S`, 'gs')
/** These have a FROM of their own. */
const OWN_FROM = new Set(['extract', 'trim', 'trim_oracle', 'substring', 'substr', 'mid'])
const OF_SEQUENCE = new Set(['nextval', 'lastval', 'setval'])

/** A name in a view's text, in its parts as they are quoted, and what stands in such a place. */
interface PlacedName {
  at: number
  parts: string[]
  is: 'table' | 'sequence' | 'function' | 'other'
}

/**
 * Every quoted name of the text, as both servers print it: tables behind FROM and JOIN, perhaps after
 * parentheses, functions before one. Aliases and columns are `other`, whatever they are called.
 */
function placedNames(text: string): PlacedName[] {
  const names: PlacedName[] = []
  const opened: string[] = []
  let isTable = false
  let before = ''
  for (const { 0: token, 1: name, 2: word, index } of text.matchAll(TOKEN)) {
    if (name !== undefined) {
      const ofSequence = before === '(' && OF_SEQUENCE.has(opened.at(-1) ?? '')
      const isCalled = text[index + name.length] === '('
      const is = isCalled ? 'function' : isTable ? 'table' : ofSequence ? 'sequence' : 'other'
      names.push({ at: index, parts: name.match(new RegExp(QUOTED, 'g')) ?? [], is })
    }
    if (token === '(') opened.push(before)
    else isTable = word !== undefined && opensTable(token.toLowerCase(), opened.at(-1) ?? '')
    if (token === ')') opened.pop()
    before = token.toLowerCase()
  }
  return names
}

function opensTable(word: string, opened: string): boolean {
  return word === 'join' || word === 'straight_join' || (word === 'from' && !OWN_FROM.has(opened))
}

/** As both servers print it: `` from `db`.`table` ``, `` join `db`.`table` ``, `` `db`.`function`( ``. */
export function readsOfView(create: string): ViewRead[] {
  return placedNames(create).flatMap(({ parts, is }) => {
    if (is === 'other' || parts.length > 2) return []
    const [name = '', schema] = parts.map(unquoted).reverse()
    return [{ kind: is === 'function' ? is : 'table', schema: schema ?? null, name } as const]
  })
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
 * The text with another database in place of one, but for functions and sequences. MariaDB names a view's own
 * database, too, where the view reads others; as it stands, the copy would read the live tables. An alias, a
 * table or a column may be called like the database, and stays.
 */
export function movedReads(create: string, from: string, to: string): string {
  let moved = ''
  let at = 0
  for (const name of placedNames(create)) {
    const [first = ''] = name.parts
    // A third part can only be a column of a table, or a function of a package.
    const isMoved = name.parts.length > 2 || (name.parts.length === 2 && name.is === 'table')
    if (!isMoved || unquoted(first) !== from) continue
    moved += create.slice(at, name.at) + quotedName(to)
    at = name.at + first.length
  }
  return moved + create.slice(at)
}

/** With every identifier as it is, whatever is in it. */
function withoutLiterals(text: string): string {
  return text.replace(/(`(?:[^`]|``)+`)|'(?:[^'\\]|\\.|'')*'/gs, (_, name?: string) => name ?? "''")
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
const quotedName = (name: string): string => `\`${name.replaceAll('`', '``')}\``
const unquoted = (name: string): string => name.slice(1, -1).replaceAll('``', '`')
