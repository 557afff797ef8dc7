import type { AccountName } from '../schema/service-accounts.ts'

/** A program that runs with the rights of its definer. */
export interface DefinerObject {
  kind: 'view' | 'procedure' | 'function' | 'package' | 'package body' | 'trigger' | 'event'
  schema: string
  name: string
  definer: AccountName
  /** Of a trigger: its table, and when it fires, as "BEFORE INSERT". */
  table?: string
  fires?: string
  /** Of an event: did it run on its schedule? */
  enabled?: boolean
}

/** Privileges that a definer needs on one object, or on a whole database (name null). */
export interface DefinerRight {
  kind: 'table' | 'procedure' | 'function' | 'package' | 'package body' | 'database'
  schema: string
  name: string | null
  /** "SELECT", or "SELECT (`a`)" for columns. */
  privileges: readonly string[]
}

/** What an account holds, on everything (schema null), a database, or one object of it. */
export interface HeldRight {
  definer: AccountName
  /** A pattern as in GRANT where name is null: "shop\_%". */
  schema: string | null
  name: string | null
  kind: 'any' | 'table' | 'procedure' | 'function' | 'package' | 'package body'
  column: string | null
  privilege: string
}

/** A table, view or routine that a text can name. */
export interface NamedObject {
  kind: 'table' | 'procedure' | 'function' | 'package' | 'package body'
  schema: string
  name: string
}

/**
 * Whom a program runs as; null without a DEFINER clause. A role of MariaDB has no host: ''.
 *
 * @param create what SHOW CREATE printed: the clause stands before the first other name, in
 *   double quotes where the program was made under ANSI_QUOTES
 */
export function definerOf(create: string): AccountName | null {
  const [, , user, host = '``'] = DEFINER.exec(create) ?? []
  return user === undefined ? null : { user: unquoted(user), host: unquoted(host) }
}

/** The same statement with another definer, in the quotes of the one before. */
export function withDefiner(create: string, { user, host }: AccountName): string {
  const [found, before, old = ''] = DEFINER.exec(create) ?? []
  if (found === undefined) throw new Error(`no definer in: ${create.slice(0, 60)}`)
  const quote = old.charAt(0)
  const quoted = [user, host].map(name => quote + name.replaceAll(quote, quote + quote) + quote)
  return `${before}${quoted.join('@')}${create.slice(found.length)}`
}

const NAME = '(`(?:[^`]|``)*`|"(?:[^"]|"")*")'
const DEFINER = new RegExp(
  `^(CREATE (?:OR REPLACE )?(?:ALGORITHM=\\w+ )?DEFINER=)${NAME}(?:@${NAME})?`,
)

function unquoted(name: string): string {
  const quote = name.charAt(0)
  return name.slice(1, -1).replaceAll(quote + quote, quote)
}

/** Every word and quoted name in a text, in lower case. More than it refers to, never less. */
export function wordsIn(text: string): Set<string> {
  const tokens = [...text.matchAll(/`(?:[^`]|``)*`|[\p{L}\p{N}_$]+/gu)].map(([token]) => token)
  // The backtick of a string, a comment or a name in double quotes was taken for that of a name.
  const isMisread = tokens.some(token => /^`[\s\S]*["'\n*]/.test(token))
  const words = isMisread
    ? (text.match(/[\p{L}\p{N}_$]+/gu) ?? [])
    : tokens.filter(token => !token.startsWith('`'))
  // Any quote may begin a name, " under ANSI_QUOTES; or what is between two of them is one.
  const names = [...text.matchAll(/(?=(`(?:[^`]|``)*`|"(?:[^"]|"")*"))/g)].map(([, name = '']) =>
    unquoted(name),
  )
  return new Set([...words, ...names, ...text.split('"')].map(word => word.toLowerCase()))
}

const ON_TABLES = ['SELECT', 'INSERT', 'UPDATE', 'DELETE']

/**
 * What a new definer needs so that a program works as it did: of all that its definer holds,
 * the part that is on objects which the text names.
 */
export function rightsFor(
  object: DefinerObject,
  text: string,
  held: readonly HeldRight[],
  named: readonly NamedObject[],
): DefinerRight[] {
  const words = wordsIn(text)
  const theirs = held.filter(({ definer }) => sameAccount(definer, object.definer))
  const places = named.filter(
    ({ kind, schema, name }) =>
      !(object.kind === 'view' && kind === 'table' && isSelf(object, schema, name)) &&
      words.has(name.toLowerCase()) &&
      (schema === object.schema || words.has(schema.toLowerCase())),
  )
  const rights = places.flatMap(place => {
    const wanted = place.kind === 'table' ? onTable(place, object, words) : ['EXECUTE']
    const privileges = wanted.flatMap(privilege => columnsOf(privilege, place, theirs))
    return privileges.length > 0 ? [{ ...place, privileges }] : []
  })
  return [...rights, ...ownRights(object, words, theirs)]
}

const isSelf = (object: DefinerObject, schema: string, name: string): boolean =>
  object.schema === schema && object.name === name

function onTable(place: NamedObject, object: DefinerObject, words: ReadonlySet<string>): string[] {
  const own = object.kind === 'trigger' && object.table === place.name
  return [
    ...ON_TABLES,
    ...(own && object.schema === place.schema ? ['TRIGGER'] : []),
    ...(words.has('truncate') || words.has('drop') ? ['DROP'] : []),
  ]
}

/** The privilege as it is held on a place: whole, on some columns, or not at all. */
function columnsOf(privilege: string, place: NamedObject, held: readonly HeldRight[]): string[] {
  const found = held.filter(right => right.privilege === privilege && reaches(right, place))
  if (found.length === 0) return []
  if (found.some(({ column }) => column === null)) return [privilege]
  const columns = [...new Set(found.map(({ column }) => `\`${column?.replaceAll('`', '``')}\``))]
  return [`${privilege} (${columns.join(', ')})`]
}

/** What a program needs on itself and its database, whatever its text names. */
function ownRights(
  object: DefinerObject,
  words: ReadonlySet<string>,
  held: readonly HeldRight[],
): DefinerRight[] {
  const { kind, schema, name } = object
  const database = [
    ...(kind === 'event' ? ['EVENT'] : []),
    ...(words.has('temporary') && held.some(right => isTemporary(right, schema))
      ? ['CREATE TEMPORARY TABLES']
      : []),
  ]
  const isRoutine = kind !== 'view' && kind !== 'trigger' && kind !== 'event'
  return [
    ...(isRoutine ? [{ kind, schema, name, privileges: ['EXECUTE'] }] : []),
    ...(database.length > 0
      ? [{ kind: 'database' as const, schema, name: null, privileges: database }]
      : []),
  ]
}

function isTemporary({ privilege, schema }: HeldRight, database: string): boolean {
  return (
    privilege === 'CREATE TEMPORARY TABLES' && (schema === null || likeMatches(schema, database))
  )
}

function reaches(right: HeldRight, place: NamedObject): boolean {
  if (right.schema === null) return true
  if (right.name === null) return likeMatches(right.schema, place.schema)
  return right.schema === place.schema && right.name === place.name && right.kind === place.kind
}

/** In GRANT a database's name is a pattern: _ and % match, \_ and \% are themselves. */
export function likeMatches(pattern: string, name: string): boolean {
  const source = [...pattern.matchAll(/\\([_%])|([_%])|([\s\S])/gu)]
    .map(([, escaped, wildcard, plain]) =>
      wildcard
        ? wildcard === '_'
          ? '.'
          : '.*'
        : (escaped ?? plain ?? '').replace(/[\\^$.*+?()[\]{}|/]/, '\\$&'),
    )
    .join('')
  return new RegExp(`^${source}$`, 'su').test(name)
}

export function sameAccount(one: AccountName, other: AccountName): boolean {
  return one.user === other.user && one.host.toLowerCase() === other.host.toLowerCase()
}

/** One right for each object: what several programs need of it, together. */
export function mergeRights(rights: readonly DefinerRight[]): DefinerRight[] {
  const merged = new Map<string, DefinerRight>()
  for (const right of rights) {
    const key = JSON.stringify([right.kind, right.schema, right.name])
    const before = merged.get(key)?.privileges ?? []
    merged.set(key, { ...right, privileges: [...new Set([...before, ...right.privileges])] })
  }
  return [...merged.values()]
}
