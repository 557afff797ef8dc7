import type { DeadManState } from '../../leases.ts'
import { quoteIdentifier, quoteQualified } from '../../quote.ts'
import type { Session } from '../../session.ts'
import { ownStores } from '../own-store/own-store.ts'

/**
 * Seconds after the end of a lease before the dead-man acts: the schedule's own job is gentler,
 * it takes one role away, and it comes first.
 */
const GRACE_S = 120

/** For one account in one go; what is left is there in a minute. */
const MOST_KILLS = 1000

const NAME = 'dead_man'

export async function deadMan(session: Session): Promise<DeadManState> {
  const store = await ownStores.ensureStore(session, 'access')
  const event = await session.value(
    "SELECT status FROM information_schema.events WHERE event_schema = ? AND event_name = 'dead_man'",
    [store],
  )
  return {
    installed: event === 'ENABLED',
    scheduler: (await session.value('SELECT @@event_scheduler')) === 'ON',
  }
}

/**
 * The event runs as whoever installs it, an administrator: the account needs to alter users and
 * to kill, and a definer of its own with these rights would be one more account to steal.
 */
export async function installDeadMan(session: Session): Promise<void> {
  const store = await ownStores.ensureStore(session, 'access')
  const { family } = session.flavor
  const kill = family === 'mariadb' ? 'KILL HARD CONNECTION' : 'KILL'
  const place = quoteQualified(store, NAME)
  await session.run(`DROP PROCEDURE IF EXISTS ${place}`)
  await session.run(procedure(quoteIdentifier(store), kill, LOCKED[family]))
  await session.run(`DROP EVENT IF EXISTS ${place}`)
  await session.run(
    `CREATE EVENT ${place} ON SCHEDULE EVERY 1 MINUTE ON COMPLETION PRESERVE
     COMMENT 'ecomdb: locks people out whose leases have run out, when nothing else did'
     DO CALL ${place}()`,
  )
}

/** A query for whether the account in user_name, host_name is there and not locked. */
const LOCKED = {
  mysql:
    "SELECT COUNT(*) INTO unlocked FROM mysql.user WHERE user = user_name AND host = host_name AND account_locked = 'N'",
  mariadb:
    "SELECT COUNT(*) INTO unlocked FROM mysql.global_priv WHERE User = user_name AND Host = host_name AND COALESCE(JSON_VALUE(Priv, '$.account_locked'), '0') NOT IN ('1', 'true')",
} as const

function procedure(store: string, kill: string, unlockedQuery: string): string {
  return `CREATE PROCEDURE ${store}.${NAME}()
  SQL SECURITY DEFINER
  COMMENT 'ecomdb: called by the event of the same name'
BEGIN
  DECLARE done INT DEFAULT 0;
  DECLARE lease BIGINT;
  DECLARE user_name VARCHAR(128);
  DECLARE host_name VARCHAR(255);
  DECLARE unlocked INT DEFAULT 0;
  DECLARE victim BIGINT;
  DECLARE tries INT DEFAULT 0;
  DECLARE accounts CURSOR FOR
    SELECT MIN(g.grant_id), a.account_user, a.account_host
      FROM ${store}.role_grant g JOIN ${store}.account a ON a.person = g.person
     WHERE g.ended_at IS NULL AND g.ends_at < UTC_TIMESTAMP(6) - INTERVAL ${GRACE_S} SECOND
     GROUP BY a.account_user, a.account_host;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = 1;
  -- An account that is gone, a connection that is gone: the next one.
  DECLARE CONTINUE HANDLER FOR 1094, 1396 BEGIN END;
  OPEN accounts;
  each_account: LOOP
    FETCH accounts INTO lease, user_name, host_name;
    IF done THEN LEAVE each_account; END IF;
    ${unlockedQuery};
    IF unlocked > 0 THEN
      INSERT IGNORE INTO ${store}.dead_man_lock (account_user, account_host, grant_id, locked_at)
        VALUES (user_name, host_name, lease, UTC_TIMESTAMP(6));
      SET @ecomdb_lock = CONCAT('ALTER USER ', QUOTE(user_name), '@', QUOTE(host_name), ' ACCOUNT LOCK');
      PREPARE lock_it FROM @ecomdb_lock;
      EXECUTE lock_it;
      DEALLOCATE PREPARE lock_it;
    END IF;
    SET tries = 0;
    each_session: LOOP
      SET tries = tries + 1;
      IF tries > ${MOST_KILLS} THEN LEAVE each_session; END IF;
      SET victim = NULL;
      SELECT MIN(id) INTO victim FROM information_schema.processlist
       WHERE user = user_name AND command <> 'Killed' AND id <> CONNECTION_ID();
      IF victim IS NULL THEN LEAVE each_session; END IF;
      ${kill} victim;
      DO SLEEP(0.02);
    END LOOP;
    SET done = 0;
  END LOOP;
  CLOSE accounts;
END`
}
