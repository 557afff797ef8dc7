import { quoteAccount, quoteQualified, quoteString } from '../../quote.ts'
import type { IssuerDialect } from './issuer-dialect.ts'

/** The locked account that the procedures run as. Nobody can log in as it. */
export const ISSUER = { user: 'ecomdb_issuer', host: 'localhost' } as const

/** 12 hours: nobody gets a longer session, whatever a broker asks for. */
const LONGEST_S = 43_200
const LOCK_WAIT_S = 10

export interface IssuerPlace {
  database: string
  /** The one host that session accounts may come from. */
  sessionHost: string
  tls: boolean
}

/**
 * The procedure that gives a person a session account. It takes no names of roles and no host:
 * whoever has the broker's account can ask for what people are entitled to, and for no more.
 *
 * Mint and offboarding take the same lock of the person; the state is looked at before the
 * account is made and once more after it. The row is written first (the account's statements
 * commit it), so that the sweep finds what a crash has left.
 */
export function mintProcedure(dialect: IssuerDialect, place: IssuerPlace): string {
  const host = quoteString(place.sessionHost)
  return `CREATE DEFINER = ${quoteAccount(ISSUER.user, ISSUER.host)} PROCEDURE ${quoteQualified(place.database, 'mint_session')}(
  IN p_person VARCHAR(32), IN p_suffix VARCHAR(32), IN p_password VARCHAR(128),
  IN p_seconds INT, IN p_connections INT
)
  MODIFIES SQL DATA SQL SECURITY DEFINER
  COMMENT 'ecomdb: gives a person a session account'
mint: BEGIN
  DECLARE v_user, v_lock VARCHAR(64);
  DECLARE v_account, v_role VARCHAR(400);
  DECLARE v_roles TEXT;
  DECLARE v_begun INT DEFAULT 0;
  DECLARE v_now DATETIME(6) DEFAULT UTC_TIMESTAMP(6);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    IF v_begun = 1 THEN
      ${takeBack(dialect, 'failed')}
    END IF;
    IF v_lock IS NOT NULL THEN
      DO RELEASE_LOCK(v_lock);
    END IF;
    RESIGNAL;
  END;
  IF p_suffix NOT REGEXP '^[0-9a-f]{12}$' OR p_password NOT REGEXP '^[A-Za-z0-9_.+%,:=-]{20,64}$'
    OR p_seconds NOT BETWEEN 1 AND ${LONGEST_S} OR p_connections NOT BETWEEN 1 AND 10 THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'ecomdb: no such session can be asked for';
  END IF;
  SET v_lock = CONCAT('ecomdb:person:', p_person);
  IF COALESCE(GET_LOCK(v_lock, ${LOCK_WAIT_S}), 0) <> 1 THEN
    SELECT 'busy' AS outcome, NULL AS session_user, NULL AS expires_at, 0 AS tls;
    LEAVE mint;
  END IF;
  IF NOT EXISTS (SELECT 1 FROM person WHERE person = p_person AND state = 'active') THEN
    DO RELEASE_LOCK(v_lock);
    SELECT 'not active' AS outcome, NULL AS session_user, NULL AS expires_at, 0 AS tls;
    LEAVE mint;
  END IF;
  SET v_user = CONCAT('s_', LEFT(p_person, 16), '_', p_suffix);
  SET v_account = CONCAT(QUOTE(v_user), '@', ${quoteString(host)});
  SET v_role = QUOTE(CONCAT('r', v_user));
  INSERT INTO session_account (session_user, session_host, person, created_at, expires_at)
  VALUES (v_user, ${host}, p_person, v_now, v_now + INTERVAL p_seconds SECOND);
  SET v_begun = 1;
  INSERT INTO account (account_user, account_host, person, kind, created_at)
  VALUES (v_user, ${host}, p_person, 'session', v_now);
  ${dialect.makeAccount(place.tls ? 'REQUIRE SSL' : '')}
  -- Another broker may have ended it before the account was there: then nobody else would.
  IF NOT EXISTS (SELECT 1 FROM person WHERE person = p_person AND state = 'active')
    OR NOT EXISTS (SELECT 1 FROM session_account WHERE session_user = v_user AND ended_at IS NULL) THEN
    ${takeBack(dialect, 'not active')}
    DO RELEASE_LOCK(v_lock);
    SELECT 'not active' AS outcome, NULL AS session_user, NULL AS expires_at, 0 AS tls;
    LEAVE mint;
  END IF;
  DO RELEASE_LOCK(v_lock);
  SELECT 'minted' AS outcome, v_user AS session_user, v_now + INTERVAL p_seconds SECOND AS expires_at,
    ${place.tls ? 1 : 0} AS tls;
END`
}

/** What a mint has made goes again. */
function takeBack(dialect: IssuerDialect, reason: string): string {
  return `${dialect.dropAccount}
    DELETE FROM account WHERE account_user = v_user AND kind = 'session';
    UPDATE session_account SET ended_at = UTC_TIMESTAMP(6), end_reason = ${quoteString(reason)}
    WHERE session_user = v_user AND ended_at IS NULL;`
}

/**
 * The procedure that ends a session account: locked, its connections killed, dropped. It knows
 * session accounts only, so it ends nobody else. Ending one twice is no error.
 */
export function endProcedure(dialect: IssuerDialect, place: IssuerPlace): string {
  return `CREATE DEFINER = ${quoteAccount(ISSUER.user, ISSUER.host)} PROCEDURE ${quoteQualified(place.database, 'end_session')}(
  IN p_user VARCHAR(32), IN p_reason VARCHAR(40)
)
  MODIFIES SQL DATA SQL SECURITY DEFINER
  COMMENT 'ecomdb: ends a session account'
ending: BEGIN
  DECLARE v_account, v_role VARCHAR(400);
  DECLARE v_id BIGINT;
  DECLARE v_rounds INT DEFAULT 0;
  DECLARE v_host VARCHAR(255);
  DECLARE CONTINUE HANDLER FOR 1094 BEGIN END;
  SET v_host = (SELECT session_host FROM session_account WHERE session_user = p_user AND ended_at IS NULL);
  IF v_host IS NULL THEN
    SELECT 'not open' AS outcome;
    LEAVE ending;
  END IF;
  SET v_account = CONCAT(QUOTE(p_user), '@', QUOTE(v_host));
  SET v_role = QUOTE(CONCAT('r', p_user));
  IF EXISTS (SELECT 1 FROM mysql.user WHERE user = p_user AND host = v_host) THEN
    SET @ecomdb_sql = CONCAT('ALTER USER IF EXISTS ', v_account, ' ACCOUNT LOCK');
    PREPARE ecomdb_statement FROM @ecomdb_sql;
    EXECUTE ecomdb_statement;
    DEALLOCATE PREPARE ecomdb_statement;
  END IF;
  killing: LOOP
    SET v_id = (SELECT MIN(id) FROM ${dialect.processes} WHERE user = p_user AND command <> 'Killed');
    IF v_id IS NULL OR v_rounds > 200 THEN
      LEAVE killing;
    END IF;
    KILL v_id;
    SET v_rounds = v_rounds + 1;
    DO SLEEP(0.01);
  END LOOP;
  ${dialect.dropAccount}
  DELETE FROM account WHERE account_user = p_user AND account_host = v_host AND kind = 'session';
  -- One that is still connected stays open on record: whoever ends it next finds it.
  UPDATE session_account SET ended_at = UTC_TIMESTAMP(6), end_reason = p_reason
  WHERE session_user = p_user AND ended_at IS NULL AND v_id IS NULL;
  -- A mint that was under way has made it meanwhile; one that comes later sees that it has ended.
  IF EXISTS (SELECT 1 FROM mysql.user WHERE user = p_user AND host = v_host) THEN
    ${dialect.dropAccount}
  END IF;
  SELECT IF(v_id IS NULL, 'ended', 'still connected') AS outcome;
END`
}

export const OVERDUE = 'end_overdue'

/** The broker comes first, every two seconds. */
const OVERDUE_S = 10

/** Ends the sessions whose time is over, where no broker does: it is dead, or away. */
export function overdueProcedure(database: string): string {
  return `CREATE DEFINER = ${quoteAccount(ISSUER.user, ISSUER.host)} PROCEDURE ${quoteQualified(database, OVERDUE)}()
  MODIFIES SQL DATA SQL SECURITY DEFINER
  COMMENT 'ecomdb: called by the event of the same name'
BEGIN
  DECLARE v_user VARCHAR(64);
  DECLARE v_last VARCHAR(64) DEFAULT '';
  -- One that cannot be ended must not keep the others: it is tried again in a minute.
  DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END;
  overdue: LOOP
    SET v_user = NULL;
    SET v_user = (SELECT MIN(session_user) FROM session_account WHERE ended_at IS NULL
      AND expires_at < UTC_TIMESTAMP(6) - INTERVAL ${OVERDUE_S} SECOND AND session_user > v_last);
    IF v_user IS NULL THEN
      LEAVE overdue;
    END IF;
    SET v_last = v_user;
    CALL end_session(v_user, 'overdue');
  END LOOP;
END`
}

/** It runs as the locked issuer: an event asks for no login. */
export function overdueEvent(database: string): string {
  const place = quoteQualified(database, OVERDUE)
  return `CREATE DEFINER = ${quoteAccount(ISSUER.user, ISSUER.host)} EVENT ${place}
  ON SCHEDULE EVERY 1 MINUTE ON COMPLETION PRESERVE
  COMMENT 'ecomdb: ends sessions whose time is over, where the broker did not'
  DO CALL ${place}()`
}

/** Everything that the broker's own account may do. It can make no account and read no data. */
export function brokerGrants(database: string): string[] {
  const on = (table: string): string => quoteQualified(database, table)
  return [
    `EXECUTE ON PROCEDURE ${on('mint_session')}`,
    `EXECUTE ON PROCEDURE ${on('end_session')}`,
    `SELECT (person, full_name, state) ON ${on('person')}`,
    `SELECT, UPDATE (state, last_step, failures, blocked_until) ON ${on('totp')}`,
    `SELECT, UPDATE (used_at) ON ${on('recovery_code')}`,
    `SELECT ON ${on('session_account')}`,
    `SELECT (account_user, account_host, person, kind) ON ${on('account')}`,
    `INSERT ON ${on('operation')}`,
    // To see that the store is of this version.
    `SELECT ON ${on('ecomdb_migration')}`,
  ]
}
