import type { EngineFamily } from '../engine-family.ts'

/** What a privilege is held on. */
export type Place =
  | { on: 'server' }
  /** `schema` is a pattern, as the server keeps it: `_` and `%` match, a backslash escapes. */
  | { on: 'schema'; schema: string }
  | { on: 'table'; schema: string; name: string; column: string | null }
  | { on: 'routine'; schema: string; name: string; type: string }
  /** To act as another account. */
  | { on: 'proxy'; user: string; host: string }

/** One privilege on one place. GRANT OPTION is a privilege like the others. */
export interface Right {
  /** In capitals, as SHOW PRIVILEGES of the server calls it. */
  privilege: string
  place: Place
}

/** "SELECT ON shop.orders", "SELECT (id) ON shop.orders", "EXECUTE ON PROCEDURE shop.p". */
export function rightText({ privilege, place }: Right): string {
  const column = place.on === 'table' && place.column !== null ? ` (${word(place.column)})` : ''
  return `${privilege}${column} ON ${placeText(place)}`
}

export function placeText(place: Place): string {
  switch (place.on) {
    case 'server':
      return '*.*'
    case 'schema':
      return `${word(place.schema)}.*`
    case 'table':
      return `${word(place.schema)}.${word(place.name)}`
    case 'routine':
      return `${place.type} ${word(place.schema)}.${word(place.name)}`
    case 'proxy':
      return `${word(place.user)}@${word(place.host)}`
  }
}

function word(name: string): string {
  return /^[A-Za-z0-9_$]+$/.test(name) ? name : `\`${name.replaceAll('`', '``')}\``
}

const NAME = '(?:[A-Za-z0-9_$]+|`(?:[^`]|``)+`|``)'
const ROUTINE = '(?:PROCEDURE|FUNCTION|PACKAGE BODY|PACKAGE|LIBRARY)'
const RIGHTS = new RegExp(
  `^(.+?) ON (?:(\\*)\\.\\*|(${NAME})\\.\\*|(?:(${ROUTINE}) )?(${NAME})\\.(${NAME})|(${NAME})@(${NAME}))$`,
  'i',
)

/**
 * Reads "SELECT, INSERT ON shop.orders" and everything that rightText writes; ALL stays ALL.
 * Null for anything else.
 */
export function parseRights(text: string): Right[] | null {
  const found = RIGHTS.exec(text.trim())
  if (!found) return null
  const [, privileges = '', server, schema, type, owner, name, user, host] = found
  const place = ((): Place => {
    if (server) return { on: 'server' }
    if (schema !== undefined) return { on: 'schema', schema: plain(schema) }
    if (user !== undefined && host !== undefined) {
      return { on: 'proxy', user: plain(user), host: plain(host) }
    }
    const object = { schema: plain(owner ?? ''), name: plain(name ?? '') }
    if (type !== undefined) return { on: 'routine', ...object, type: type.toUpperCase() }
    return { on: 'table', ...object, column: null }
  })()
  const rights = splitOutside(privileges).flatMap(part => parsePrivilege(part, place))
  return rights.length > 0 && rights.every(right => right !== null) ? rights : null
}

function parsePrivilege(text: string, place: Place): (Right | null)[] {
  const found = new RegExp(`^([A-Za-z_ ]+?)(?: ?\\((${NAME}(?: ?, ?${NAME})*)\\))?$`).exec(text)
  if (!found) return [null]
  const privilege = (found[1] ?? '').trim().replace(/\s+/g, ' ').toUpperCase()
  if (found[2] === undefined) return [{ privilege, place }]
  if (place.on !== 'table') return [null]
  return found[2]
    .split(/ ?, ?/)
    .map(column => ({ privilege, place: { ...place, column: plain(column) } }))
}

/** At commas that are not between brackets. */
function splitOutside(text: string): string[] {
  return text.split(/,(?![^(]*\))/).map(part => part.trim())
}

function plain(name: string): string {
  return name.startsWith('`') ? name.slice(1, -1).replaceAll('``', '`') : name
}

/** Equal for rights that the server holds to be the same. */
export function rightKey({ privilege, place }: Right, foldNames = false): string {
  const fold = (name: string): string => (foldNames ? name.toLowerCase() : name)
  switch (place.on) {
    case 'server':
      return privilege
    case 'schema':
      return JSON.stringify([privilege, fold(place.schema)])
    case 'table': {
      const column = place.column?.toLowerCase() ?? null
      return JSON.stringify([privilege, fold(place.schema), fold(place.name), column])
    }
    case 'routine':
      return JSON.stringify([privilege, fold(place.schema), place.name.toLowerCase(), place.type])
    case 'proxy':
      return JSON.stringify(['PROXY', place.user, place.host.toLowerCase()])
  }
}

/** Another name of a privilege, without spaces and underscores, and the one that is used. */
const ALIASES: Readonly<Record<EngineFamily, Readonly<Record<string, string>>>> = {
  mysql: {
    SETUSER: 'SET_ANY_DEFINER',
    SETUSERID: 'SET_ANY_DEFINER',
    BINLOGMONITOR: 'REPLICATION CLIENT',
  },
  mariadb: {
    REPLICATIONCLIENT: 'BINLOG MONITOR',
    REPLICAMONITOR: 'SLAVE MONITOR',
    REPLICATIONREPLICA: 'REPLICATION SLAVE',
    REPLICATIONREPLICAADMIN: 'REPLICATION SLAVE ADMIN',
    DELETEVERSIONINGROWS: 'DELETE HISTORY',
    SETANYDEFINER: 'SET USER',
    SHOWROUTINE: 'SHOW CREATE ROUTINE',
  },
}

const squash = (privilege: string): string => privilege.toUpperCase().replace(/[ _]/g, '')

/** The name that this server has for a privilege, or null when it offers none such. */
export function nameOnServer(
  privilege: string,
  family: EngineFamily,
  offered: ReadonlySet<string>,
): string | null {
  const wanted = squash(ALIASES[family][squash(privilege)] ?? privilege)
  return [...offered].find(name => squash(name) === wanted) ?? null
}

const ON_TABLES = [
  ...['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'DROP', 'REFERENCES', 'INDEX', 'ALTER'],
  ...['CREATE VIEW', 'SHOW VIEW', 'TRIGGER'],
]
const ON_SCHEMAS = [
  ...ON_TABLES,
  ...[
    'CREATE TEMPORARY TABLES',
    'LOCK TABLES',
    'CREATE ROUTINE',
    'ALTER ROUTINE',
    'EXECUTE',
    'EVENT',
  ],
]

/** What ALL stands for; other rights as they are. */
export function withoutAll(
  right: Right,
  family: EngineFamily,
  offered: ReadonlySet<string>,
): Right[] {
  if (right.privilege !== 'ALL' && right.privilege !== 'ALL PRIVILEGES') return [right]
  const { place } = right
  const history = family === 'mariadb' ? ['DELETE HISTORY'] : []
  const all = {
    server: [...offered].filter(name => !['GRANT OPTION', 'PROXY', 'USAGE'].includes(name)),
    schema: [...ON_SCHEMAS, ...history],
    table: [...ON_TABLES, ...history],
    routine: ['EXECUTE', 'ALTER ROUTINE'],
    proxy: ['PROXY'],
  }[place.on]
  return all.map(privilege => ({ privilege, place }))
}

/** Whether a name is meant by a pattern of mysql.db. */
export function matchesPattern(pattern: string, name: string, literal = false): boolean {
  if (literal) return pattern === name
  const parts = [...pattern.matchAll(/\\(.)|([%_])|([^\\%_]+|\\$)/gs)].map(
    ([, escaped, wildcard, text]) => {
      if (wildcard) return wildcard === '%' ? '.*' : '.'
      return (escaped ?? text ?? '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    },
  )
  return new RegExp(`^${parts.join('')}$`, 's').test(name)
}

/** The pattern that means this schema and no other. */
export function patternOf(schema: string): string {
  return schema.replace(/[\\%_]/g, '\\$&')
}
