import { OTHER_SERVERS } from '#domain/backup/other-servers'

/**
 * Options of a private server: data files know these plugins, and a replay would write to the live server that has
 * the rows. A plugin's second name is taken, which no other option begins with: connect is short for connect_timeout.
 *
 * Source: MariaDB, sql/sql_plugin.cc, construct_options.
 */
export const OTHER_SERVERS_OFF: readonly string[] = OTHER_SERVERS.map(
  engine => `--loose-plugin-${engine}=OFF`,
)
