import type { Session, SqlRow } from '../../session.ts'

/**
 * Tables that servers make in `mysql` and `sys`, of all versions and of their plugins: as these databases
 * come with a server they are in no backup, and what somebody made in them is not either.
 */
const OF_SERVERS =
  /^(?:(?:columns|global|host|procs|proxies|tables)_priv|component|db|default_roles|engine_cost|event|func|general_log|global_grants|gtid_executed|gtid_slave_pos\w*|help_\w+|host|(?:column|index|table)_stats|innodb_\w+|ndb_\w+|password_history|plugin|proc|replication_\w+|role_edges|roles_mapping|server_cost|servers|slave_\w+|slow_log|sys_config|time_zone\w*|transaction_registry|user|wsrep_\w+|spider_\w+|firewall_\w+|audit_log_\w+|backup_(?:history|progress|sbt_history))$/i

const PROGRAMS = [
  ['ROUTINES', 'ROUTINE_SCHEMA', 'ROUTINE_NAME'],
  ['VIEWS', 'TABLE_SCHEMA', 'TABLE_NAME'],
  ['TRIGGERS', 'TRIGGER_SCHEMA', 'TRIGGER_NAME'],
  ['EVENTS', 'EVENT_SCHEMA', 'EVENT_NAME'],
] as const

/** What somebody made in databases of the server itself, in words. */
export async function amongServersOwn(session: Session): Promise<string[]> {
  const tables = await session.rows<SqlRow & { db: string; name: string }>(
    `SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name FROM information_schema.TABLES
      WHERE TABLE_SCHEMA IN ('mysql', 'sys') AND TABLE_TYPE NOT IN ('VIEW', 'SYSTEM VIEW') ORDER BY 1, 2`,
  )
  const programs = await session.rows<SqlRow & { db: string; name: string }>(
    PROGRAMS.map(
      ([view, schema, name]) =>
        `SELECT ${schema} AS db, ${name} AS name FROM information_schema.${view}
          WHERE ${schema} IN ('mysql', 'sys') AND DEFINER NOT LIKE '%.sys@localhost' AND ${name} NOT LIKE '%GeometryColumn'`,
    ).join(' UNION ALL '),
  )
  const names = [...tables.filter(({ name }) => !OF_SERVERS.test(name)), ...programs].map(
    ({ db, name }) => `${db}.${name}`,
  )
  return names.map(
    name =>
      `${name} is in a database of the server itself, and in no backup: move it to one of its own`,
  )
}
