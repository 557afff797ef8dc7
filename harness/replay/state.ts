import type { EngineFamily } from '#domain/engine-family'
import { quoteIdentifier, quoteQualified } from '#engine/quote'
import { BareSession } from './bare-session.ts'
import { accountsState } from './state-of-accounts.ts'
import { programsState } from './state-of-programs.ts'

/** What a server holds, in words that can be compared: by a name such as "rows shop.t0". */
export type State = Map<string, string>

/** Reads named rows: the first column is the name, the others are the value. */
export type ReadState = (label: string, sql: string) => Promise<void>

const SYSTEM = "('mysql','information_schema','performance_schema','sys','ecomdb_restore')"

/**
 * Everything of a server that a restore must bring back, read with statements of its own: neither
 * ecomdb's catalogue nor its hashes, so that what those pass over is seen here.
 */
export async function stateOf(socketPath: string, family: EngineFamily): Promise<State> {
  const state: State = new Map()
  const session = await BareSession.open(socketPath)
  try {
    for (const setting of [...SAME_FOR_ALL, ...SAME_FOR[family]]) await session.run(setting)
    const read: ReadState = async (label, sql) => {
      for (const row of await session.rows(sql)) {
        const [name, ...values] = Object.values(row).map(value => value ?? 'NULL')
        state.set(`${label} ${name}`, values.join(' | '))
      }
    }
    await read(
      'database',
      `SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME
       FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN ${SYSTEM}`,
    )
    await read(
      'column',
      `SELECT CONCAT_WS('.', TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION), COLUMN_NAME, COLUMN_TYPE,
       CHARACTER_SET_NAME, COLLATION_NAME
       FROM information_schema.COLUMNS WHERE TABLE_SCHEMA NOT IN ${SYSTEM}`,
    )
    await tablesState(session, family, state)
    await programsState(read, SYSTEM)
    await accountsState(session, read, family)
  } finally {
    await session.close()
  }
  return state
}

/** What settings of the servers would show otherwise of the same content. */
const SAME_FOR_ALL = [
  "SET sql_mode = 'NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', group_concat_max_len = 1000000",
  "SET div_precision_increment = 4, lc_time_names = 'en_US', default_week_format = 0",
  'SET sql_quote_show_create = 1, sql_select_limit = DEFAULT, max_sort_length = 1024, autocommit = 1',
  'SET NAMES utf8mb4',
]

const SAME_FOR: Readonly<Record<EngineFamily, readonly string[]>> = {
  mariadb: ['SET system_versioning_asof = DEFAULT'],
  mysql: [
    'SET show_create_table_verbosity = 0, information_schema_stats_expiry = 0',
    'SET show_gipk_in_create_table_and_information_schema = 1',
  ],
}

async function tablesState(
  session: BareSession,
  family: EngineFamily,
  state: State,
): Promise<void> {
  const tables = await session.rows(
    `SELECT TABLE_SCHEMA AS d, TABLE_NAME AS t, TABLE_TYPE AS kind, ENGINE AS engine,
     TABLE_COLLATION AS collation_name, CREATE_OPTIONS AS options, TABLE_COMMENT AS remark
     FROM information_schema.TABLES WHERE TABLE_SCHEMA NOT IN ${SYSTEM} ORDER BY 1, 2`,
  )
  for (const { d, t, kind, ...more } of tables) {
    const name = `${d}.${t}`
    const quoted = quoteQualified(d ?? '', t ?? '')
    // Aria's option is named where somebody named it, or a restore; the definition has it in any case.
    const text = [kind, ...Object.values(more)].join(' | ').replace('page_checksum=1 ', '')
    state.set(`table ${name}`, text)
    const [shown] = await rowsOrError(session, `SHOW CREATE TABLE ${quoted}`)
    const definition = Object.values(shown ?? {}).join('\n')
    state.set(`definition ${name}`, withoutWhatVaries(definition))
    if (kind?.includes('VIEW')) continue
    const isVersioned = definition.includes('WITH SYSTEM VERSIONING')
    const all = isVersioned ? ' FOR SYSTEM_TIME ALL' : ''
    const start = isVersioned && family === 'mariadb' ? ', ROW_START, ROW_END' : ''
    const read =
      kind === 'SEQUENCE'
        ? `SELECT * FROM ${quoted}`
        : `SELECT ${await rowText(session, d ?? '', t ?? '')}${start} FROM ${quoted}${all}`
    const rows = await rowsOrError(session, read)
    state.set(
      `rows ${name}`,
      rows
        .map(row => Object.values(row).join(' | '))
        .sort()
        .join('\n'),
    )
  }
}

/**
 * The next automatic number is an estimate, and whether a column's character set is named beside
 * its collation depends on how the table came to it: "column" has both.
 */
const withoutWhatVaries = (definition: string): string =>
  definition.replace(/ AUTO_INCREMENT=\d+/, '').replace(/ (CHARACTER SET|COLLATE) \w+/g, '')

/** An error is compared as well: what one server cannot show the other cannot either. */
async function rowsOrError(
  session: BareSession,
  sql: string,
): Promise<Record<string, string | null>[]> {
  return await session.rows(sql).catch(error => [{ error: String(error.message) }])
}

/** Bytes and, of what is text to the server, characters. Floating point numbers by all digits. */
async function rowText(session: BareSession, database: string, table: string): Promise<string> {
  const columns = await session.rows(
    `SELECT COLUMN_NAME AS name, DATA_TYPE AS type FROM information_schema.COLUMNS
     WHERE TABLE_SCHEMA = '${database}' AND TABLE_NAME = '${table}' ORDER BY ORDINAL_POSITION`,
  )
  const texts = columns.map(({ name, type }) => {
    const column = quoteIdentifier(name ?? '')
    if (/^(float|double)$/.test(type ?? '')) return `CAST(${column} + 0e0 AS CHAR)`
    if (type === 'json') return `CAST(${column} AS CHAR CHARACTER SET utf8mb4)`
    if (type === 'geometry') return `HEX(ST_AsBinary(${column}))`
    const bytes = `HEX(CAST(${column} AS BINARY))`
    if (!/^(?!.*point)(.*char|.*text|enum|set|date|time|.*int|decimal|year)/.test(type ?? '')) {
      return bytes
    }
    return `CONCAT(${bytes}, '=', CAST(${column} AS CHAR CHARACTER SET utf8mb4))`
  })
  return `CONCAT_WS(' | ', ${texts.map(text => `IFNULL(${text}, 'NULL')`).join(', ')})`
}

/** What the second state has otherwise, each with both values. */
export function differences(source: State, target: State): string[] {
  const names = new Set([...source.keys(), ...target.keys()])
  return [...names]
    .filter(name => source.get(name) !== target.get(name))
    .map(name => {
      const [was, is] = [source, target].map(state => state.get(name)?.slice(0, 600) ?? '(none)')
      return `${name}\n   source: ${was}\n   target: ${is}`
    })
}
