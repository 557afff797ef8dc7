import type { IssuerDialect } from '../shared/credentials/issuer-dialect.ts'

/**
 * MySQL's part of the issuer's procedures. Roles come by DEFAULT ROLE, which grants them as
 * well. The server's own list of sessions is performance_schema.processlist.
 */
export const mysqlIssuer: IssuerDialect = {
  grants: database => [
    ...['CREATE USER', 'ROLE_ADMIN', 'PROCESS', 'CONNECTION_ADMIN'].map(
      privilege => `${privilege} ON *.*`,
    ),
    'SELECT ON performance_schema.processlist',
    `SELECT, INSERT, UPDATE, DELETE, EXECUTE, EVENT ON ${database}.*`,
  ],
  tls: "SELECT COALESCE(MAX(value = 'Yes'), 0) FROM performance_schema.tls_channel_status WHERE channel = 'mysql_main' AND property = 'Enabled'",
  // A role that does not exist any more must not stop the login.
  makeAccount: require => `
    SET SESSION group_concat_max_len = 65536;
    SET v_roles = (
      SELECT GROUP_CONCAT(DISTINCT CONCAT(QUOTE(g.role), '@''%''')) FROM role_grant g
      JOIN mysql.user u ON u.user = CONVERT(g.role USING utf8mb3) COLLATE utf8mb3_bin AND u.host = '%'
      WHERE g.person = p_person AND g.ended_at IS NULL AND g.starts_at <= v_now
        AND (g.ends_at IS NULL OR g.ends_at > v_now)
    );
    SET @ecomdb_sql = CONCAT('CREATE USER ', v_account, ' IDENTIFIED BY ', QUOTE(p_password),
      IF(v_roles IS NULL, '', CONCAT(' DEFAULT ROLE ', v_roles)),
      ' ${require} WITH MAX_USER_CONNECTIONS ', p_connections);
    PREPARE ecomdb_statement FROM @ecomdb_sql;
    EXECUTE ecomdb_statement;
    DEALLOCATE PREPARE ecomdb_statement;`,
  dropAccount: `
    SET @ecomdb_sql = CONCAT('DROP USER IF EXISTS ', v_account);
    PREPARE ecomdb_statement FROM @ecomdb_sql;
    EXECUTE ecomdb_statement;
    DEALLOCATE PREPARE ecomdb_statement;`,
  processes: 'performance_schema.processlist',
  extraGrants: ['SELECT ON mysql.user'],
  roleGrant: null,
}
