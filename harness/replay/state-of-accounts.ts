import type { EngineFamily } from '#domain/engine-family'
import type { BareSession } from './bare-session.ts'
import type { ReadState } from './state.ts'

/** Accounts, and what they may do; not root's, which is the target's own. */
export async function accountsState(
  session: BareSession,
  read: ReadState,
  family: EngineFamily,
): Promise<void> {
  await read(
    'privileges of database',
    `SELECT CONCAT_WS(' ', Host, Db, User), Select_priv, Insert_priv, Update_priv, Delete_priv,
     Create_priv, Drop_priv, Grant_priv, Execute_priv, Event_priv, Trigger_priv
     FROM mysql.db WHERE ${OURS}`,
  )
  await read(
    'privileges of table',
    `SELECT CONCAT_WS(' ', Host, Db, User, Table_name), Table_priv, Column_priv
     FROM mysql.tables_priv WHERE ${OURS}`,
  )
  await read(
    'privileges of column',
    `SELECT CONCAT_WS(' ', Host, Db, User, Table_name, Column_name), Column_priv
     FROM mysql.columns_priv WHERE ${OURS}`,
  )
  await read(
    'privileges of routine',
    `SELECT CONCAT_WS(' ', Host, Db, User, Routine_name, Routine_type), Proc_priv
     FROM mysql.procs_priv WHERE ${OURS}`,
  )
  await (family === 'mysql' ? ofMysql(session, read) : ofMariadb(read))
}

const OURS =
  "User <> 'root' AND User NOT LIKE 'mysql.%' AND User NOT LIKE 'mariadb.%' AND User NOT LIKE 'ecomdb%'"

async function ofMysql(session: BareSession, read: ReadState): Promise<void> {
  await read(
    'account',
    `SELECT CONCAT_WS('@', User, Host), ssl_type, plugin, HEX(authentication_string),
     password_expired, password_lifetime, Super_priv, max_questions, max_user_connections,
     User_attributes, Password_reuse_history, Password_require_current
     FROM mysql.user WHERE ${OURS}`,
  )
  await read(
    'role',
    "SELECT CONCAT_WS(' ', FROM_USER, FROM_HOST, TO_USER, TO_HOST), WITH_ADMIN_OPTION FROM mysql.role_edges",
  )
  await read(
    'default role',
    "SELECT CONCAT_WS(' ', USER, HOST, DEFAULT_ROLE_USER, DEFAULT_ROLE_HOST), 1 FROM mysql.default_roles",
  )
  await read(
    'dynamic privilege',
    `SELECT CONCAT_WS(' ', USER, HOST, PRIV), WITH_GRANT_OPTION FROM mysql.global_grants WHERE ${OURS}`,
  )
  await read(
    'tablespace',
    `SELECT NAME, PAGE_SIZE FROM information_schema.INNODB_TABLESPACES
     WHERE SPACE_TYPE = 'General' AND NAME <> 'mysql'`,
  )
  await read(
    'reference system',
    `SELECT SRS_ID, SRS_NAME FROM information_schema.ST_SPATIAL_REFERENCE_SYSTEMS
     WHERE SRS_ID BETWEEN 900000 AND 999999`,
  )
  for (const { u, h } of await session.rows(
    `SELECT User AS u, Host AS h FROM mysql.user WHERE ${OURS}`,
  )) {
    await read(`grants of ${u}@${h}:`, `SHOW GRANTS FOR '${u}'@'${h}'`)
  }
}

async function ofMariadb(read: ReadState): Promise<void> {
  await read(
    'account',
    `SELECT CONCAT_WS('@', User, Host),
     JSON_REMOVE(Priv, '$.password_last_changed', '$.account_locked', '$.version_id')
     FROM mysql.global_priv WHERE ${OURS}`,
  )
  await read(
    'role',
    "SELECT CONCAT_WS(' ', Host, User, Role), Admin_option FROM mysql.roles_mapping",
  )
}
