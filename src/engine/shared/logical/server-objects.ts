import type { PluginEntry, ServerObjectEntry } from '#domain/backup/manifest'
import { quoteIdentifier, quoteString } from '../../quote.ts'
import type { Session, SqlRow } from '../../session.ts'

/**
 * What somebody made that belongs to no database: loadable functions, servers of CREATE SERVER, MySQL's
 * resource groups and components. They need what another host may lack: a library, processors.
 */
export async function readServerObjects(session: Session): Promise<ServerObjectEntry[]> {
  return [
    ...(await loadableFunctions(session)),
    ...(await foreignServers(session)),
    ...(session.flavor.atLeast('mysql', 8) ? await resourceGroups(session) : []),
    ...(session.flavor.atLeast('mysql', 8) ? await components(session) : []),
  ]
}

/** Those that were installed together need each other. Reference manual, "INSTALL COMPONENT Statement". */
async function components(session: Session): Promise<ServerObjectEntry[]> {
  const rows = await session.rows<{ part: string | number; urn: string }>(
    'SELECT component_group_id AS part, component_urn AS urn FROM mysql.component ORDER BY component_id',
  )
  return [...Map.groupBy(rows, ({ part }) => String(part)).values()].map(group => ({
    kind: 'component',
    name: group.map(({ urn }) => urn).join(', '),
    create: `INSTALL COMPONENT ${group.map(({ urn }) => quoteString(urn)).join(', ')}`,
  }))
}

/** Reference manual, "CREATE FUNCTION Statement for Loadable Functions"; by Item_result. */
const RETURNS: Readonly<Record<string, string>> = {
  '0': 'STRING',
  '1': 'REAL',
  '2': 'INTEGER',
  '4': 'DECIMAL',
}

async function loadableFunctions(session: Session): Promise<ServerObjectEntry[]> {
  const rows = await session.rows<Record<'name' | 'ret' | 'dl' | 'type', string>>(
    'SELECT name, ret, dl, type FROM mysql.func ORDER BY name',
  )
  return rows.map(({ name, ret, dl, type }) => ({
    kind: 'loadable function',
    name,
    create: `CREATE ${type === 'aggregate' ? 'AGGREGATE ' : ''}FUNCTION IF NOT EXISTS ${quoteIdentifier(name)} RETURNS ${RETURNS[String(ret)] ?? 'STRING'} SONAME ${quoteString(dl)}`,
  }))
}

/** Options of CREATE SERVER, each by its column of mysql.servers. */
const SERVER_OPTIONS = {
  Host: 'HOST',
  Db: 'DATABASE',
  Username: 'USER',
  Password: 'PASSWORD',
  Socket: 'SOCKET',
  Owner: 'OWNER',
} as const

async function foreignServers(session: Session): Promise<ServerObjectEntry[]> {
  const rows = await session.rows<SqlRow & Record<keyof typeof SERVER_OPTIONS, string>>(
    'SELECT * FROM mysql.servers ORDER BY Server_name',
  )
  return rows.map(row => {
    const texts = Object.entries(SERVER_OPTIONS).flatMap(([column, word]) => {
      const value = row[column]
      return value ? [`${word} ${quoteString(String(value))}`] : []
    })
    const name = String(row['Server_name'])
    const options = [...texts, `PORT ${row['Port']}`].join(', ')
    const wrapper = quoteIdentifier(String(row['Wrapper']))
    return {
      kind: 'server',
      name,
      create: `CREATE SERVER ${quoteIdentifier(name)} FOREIGN DATA WRAPPER ${wrapper} OPTIONS (${options})`,
    }
  })
}

/** Without those that every server has. */
async function resourceGroups(session: Session): Promise<ServerObjectEntry[]> {
  const rows = await session.rows<SqlRow & Record<'name' | 'type' | 'cpus', string>>(
    `SELECT RESOURCE_GROUP_NAME AS name, RESOURCE_GROUP_TYPE AS type, RESOURCE_GROUP_ENABLED AS enabled,
            CONVERT(VCPU_IDS USING utf8mb4) AS cpus, THREAD_PRIORITY AS priority
       FROM information_schema.RESOURCE_GROUPS
      WHERE RESOURCE_GROUP_NAME NOT IN ('USR_default', 'SYS_default') ORDER BY 1`,
  )
  return rows.map(({ name, type, enabled, cpus, priority }) => ({
    kind: 'resource group',
    name,
    create: `CREATE RESOURCE GROUP ${quoteIdentifier(name)} TYPE = ${type} VCPU = ${cpus} THREAD_PRIORITY = ${priority} ${Number(enabled) === 1 ? 'ENABLE' : 'DISABLE'}`,
  }))
}

/** A full-text index may be of a parser that is a plugin (MySQL's mecab). */
const PLUGIN_TYPES: Readonly<Record<string, PluginEntry['type']>> = {
  AUTHENTICATION: 'authentication',
  'STORAGE ENGINE': 'storage',
  FTPARSER: 'parser',
}

/** Those that are not a part of the server's own program. */
export async function readPlugins(session: Session): Promise<PluginEntry[]> {
  const rows = await session.rows<Record<'name' | 'file' | 'type', string>>(
    `SELECT PLUGIN_NAME AS name, PLUGIN_LIBRARY AS file, PLUGIN_TYPE AS type
       FROM information_schema.PLUGINS
      WHERE PLUGIN_STATUS = 'ACTIVE' AND PLUGIN_LIBRARY IS NOT NULL
        AND PLUGIN_TYPE IN (${Object.keys(PLUGIN_TYPES).map(quoteString).join(', ')}) ORDER BY 1`,
  )
  return rows.flatMap(({ name, file, type }) => {
    const kind = PLUGIN_TYPES[type]
    return kind === undefined ? [] : [{ name, library: file, type: kind }]
  })
}
