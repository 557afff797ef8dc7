import type { IssuerDialect } from '../shared/credentials/issuer-dialect.ts'
import { HASH_REFUSED } from '../shared/credentials/run-identified.ts'

/** Of every kind of characters; of no use to who reads it, for its account is locked. */
const THROWAWAY =
  "CONCAT(UPPER(SHA2(CONCAT(UUID(), RAND()), 256)), SHA2(CONCAT(UUID(), RAND()), 256), '.-_+:,=%')"

/**
 * MariaDB's part of the issuer's procedures. An account has one default role there, so each
 * session has a role of its own that holds the person's. To set it takes UPDATE on the mysql
 * schema, to grant a role its ADMIN OPTION; the locked issuer alone has both. The binary log gets
 * the statement as it is, so the account is made with the hash; where the server's password rules want
 * to see the password, with one that nobody has, locked until SET PASSWORD, of which the log has the
 * hash (run-identified.ts says more).
 */
export const mariadbIssuer: IssuerDialect = {
  grants: database => [
    ...['CREATE USER', 'PROCESS', 'CONNECTION ADMIN'].map(privilege => `${privilege} ON *.*`),
    `SELECT, INSERT, UPDATE, DELETE, EXECUTE, EVENT ON ${database}.*`,
  ],
  tls: "SELECT @@have_ssl = 'YES'",
  makeAccount: require => `
    BEGIN
      DECLARE EXIT HANDLER FOR ${HASH_REFUSED}
      BEGIN
        EXECUTE IMMEDIATE CONCAT('CREATE USER ', v_account, ' IDENTIFIED BY ', QUOTE(${THROWAWAY}),
          ' ${require} WITH MAX_USER_CONNECTIONS ', p_connections, ' ACCOUNT LOCK');
        EXECUTE IMMEDIATE CONCAT('SET PASSWORD FOR ', v_account, ' = PASSWORD(', QUOTE(p_password), ')');
        EXECUTE IMMEDIATE CONCAT('ALTER USER ', v_account, ' ACCOUNT UNLOCK');
      END;
      EXECUTE IMMEDIATE CONCAT('CREATE USER ', v_account, ' IDENTIFIED BY PASSWORD ',
        QUOTE(CONCAT('*', UPPER(SHA1(UNHEX(SHA1(p_password)))))),
        ' ${require} WITH MAX_USER_CONNECTIONS ', p_connections);
    END;
    EXECUTE IMMEDIATE CONCAT('CREATE ROLE ', v_role);
    FOR each_role IN (
      SELECT DISTINCT g.role AS name FROM role_grant g
      JOIN mysql.user u ON u.User = g.role AND u.is_role = 'Y'
      WHERE g.person = p_person AND g.ended_at IS NULL AND g.starts_at <= v_now
        AND (g.ends_at IS NULL OR g.ends_at > v_now)
    ) DO
      EXECUTE IMMEDIATE CONCAT('GRANT ', QUOTE(each_role.name), ' TO ', v_role);
    END FOR;
    EXECUTE IMMEDIATE CONCAT('GRANT ', v_role, ' TO ', v_account);
    EXECUTE IMMEDIATE CONCAT('SET DEFAULT ROLE ', v_role, ' FOR ', v_account);`,
  dropAccount: `
    EXECUTE IMMEDIATE CONCAT('DROP USER IF EXISTS ', v_account);
    EXECUTE IMMEDIATE CONCAT('DROP ROLE IF EXISTS ', v_role);`,
  processes: 'information_schema.processlist',
  extraGrants: ['SELECT, UPDATE ON mysql.*'],
  roleGrant: 'WITH ADMIN OPTION',
}
