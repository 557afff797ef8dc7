import type { Session } from '../../session.ts'

export interface ViewSource {
  schema: string
  name: string
}

/**
 * What each view reads. MySQL says so itself (INFORMATION_SCHEMA.VIEW_TABLE_USAGE, since
 * 8.0.13). MariaDB keeps only the view's text, which it writes in a canonical form; that
 * text is empty for an account without SHOW VIEW, and the view is then left out.
 */
export async function readViewSources(
  session: Session,
  database: string,
  views: readonly string[],
): Promise<Map<string, ViewSource[]>> {
  if (views.length === 0) return new Map()
  const listed = await session.value(
    `SELECT COUNT(*) FROM information_schema.tables
     WHERE table_schema = 'information_schema' AND table_name = 'VIEW_TABLE_USAGE'`,
  )
  return listed === '1'
    ? await readUsage(session, database)
    : await readDefinitions(session, database)
}

async function readUsage(session: Session, database: string): Promise<Map<string, ViewSource[]>> {
  const rows = await session.rows<Record<'view' | 'schema' | 'name', string>>(
    `SELECT view_name AS \`view\`, table_schema AS \`schema\`, table_name AS name
     FROM information_schema.view_table_usage WHERE view_schema = ?
     ORDER BY view_name, table_schema, table_name`,
    [database],
  )
  const sources = new Map<string, ViewSource[]>()
  for (const { view, schema, name } of rows) {
    sources.set(view, [...(sources.get(view) ?? []), { schema, name }])
  }
  return sources
}

async function readDefinitions(
  session: Session,
  database: string,
): Promise<Map<string, ViewSource[]>> {
  const rows = await session.rows<{ view: string; definition: string }>(
    `SELECT table_name AS \`view\`, view_definition AS definition
     FROM information_schema.views WHERE table_schema = ?`,
    [database],
  )
  return new Map(
    rows
      .filter(row => row.definition !== '')
      .map(row => [row.view, sourcesOf(row.definition)] as const),
  )
}

/** A string literal, a quoted name, a word, or any other one character. */
const TOKEN = /'(?:[^'\\]|''|\\.)*'|`(?:[^`]|``)*`|[A-Za-z_][A-Za-z_0-9]*|\S/gs

/**
 * The tables in a view's canonical text: there each is written `schema`.`table`, right
 * after FROM, JOIN, an opening parenthesis or the comma of a join. Columns are `table`.`column`
 * or have three parts, and never stand there with two parts that are a table's.
 */
export function sourcesOf(definition: string): ViewSource[] {
  const tokens = definition.match(TOKEN) ?? []
  const found = new Map<string, ViewSource>()
  let inFrom = false
  for (const [at, token] of tokens.entries()) {
    const word = token.toLowerCase()
    if (word === 'from' || word === 'join' || word === 'straight_join') inFrom = true
    else if (/^(select|where|on|group|having|order|union|limit|using)$/.test(word)) inFrom = false
    const [before, dot, name, after] = [
      tokens[at - 1],
      tokens[at + 1],
      tokens[at + 2],
      tokens[at + 3],
    ]
    if (!inFrom || !isQuoted(token) || dot !== '.' || !isQuoted(name) || after === '.') continue
    if (before === '.') continue
    const source = { schema: unquote(token), name: unquote(name) }
    found.set(JSON.stringify(source), source)
  }
  return [...found.values()].sort((a, b) => compare(a.schema, b.schema) || compare(a.name, b.name))
}

function isQuoted(token: string | undefined): token is string {
  return token?.startsWith('`') ?? false
}

function unquote(token: string): string {
  return token.slice(1, -1).replaceAll('``', '`')
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
