import type { EngineFamily } from '#domain/engine-family'

/** Something that somebody tries who may do less. */
export interface Attempt {
  kind: string
  sql: string
  /**
   * refused: the server says no. nothing: it may answer, with 0, NULL or no row.
   * allowed: the servers let everybody, and it is told why that harms nothing.
   */
  expect: 'refused' | 'nothing' | 'allowed'
  why?: string
  /** What is this role's job: its outcome is in the golden file, and not asked for. */
  jobOf?: 'dba' | 'loader'
  /** Where only one engine has the statement. */
  only?: EngineFamily
}

const refused = (kind: string, ...statements: readonly string[]): Attempt[] =>
  statements.map(sql => ({ kind, sql, expect: 'refused' }))
const nothing = (kind: string, ...statements: readonly string[]): Attempt[] =>
  statements.map(sql => ({ kind, sql, expect: 'nothing' }))
const allowed = (kind: string, why: string, ...statements: readonly string[]): Attempt[] =>
  statements.map(sql => ({ kind, sql, expect: 'allowed', why }))
const jobOf = (role: 'dba' | 'loader', attempts: readonly Attempt[]): Attempt[] =>
  attempts.map(attempt => ({ ...attempt, jobOf: role }))
const only = (family: EngineFamily, attempts: readonly Attempt[]): Attempt[] =>
  attempts.map(attempt => ({ ...attempt, only: family }))

/** Ways around a missing SELECT on a base table. */
const READS: readonly Attempt[] = refused(
  'read',
  'SELECT COUNT(*) FROM shop.orders',
  'SELECT 1 FROM shop.monthly_volume, shop.users LIMIT 1',
  'SELECT 1 UNION SELECT user_id FROM shop.users',
  'SELECT (SELECT MAX(price_usd) FROM shop.orders)',
  'WITH q AS (SELECT * FROM shop.chat_messages) SELECT * FROM q',
  'DO (SELECT SLEEP(0) FROM shop.orders LIMIT 1)',
  'SET @stolen = (SELECT COUNT(*) FROM shop.users)',
  'EXPLAIN SELECT * FROM shop.users',
  'HANDLER shop.users OPEN',
  'SELECT * FROM shop.users FOR UPDATE',
  'LOCK TABLES shop.orders READ',
  'CHECKSUM TABLE shop.orders',
  'ANALYZE TABLE shop.orders',
  'CHECK TABLE shop.orders',
  'OPTIMIZE TABLE shop.orders',
  "PREPARE p FROM 'SELECT * FROM shop.users'",
  'SHOW CREATE VIEW shop.monthly_volume',
  'SELECT * FROM mysql.user',
  'SELECT * FROM mysql.tables_priv',
  'SHOW GRANTS FOR root@localhost',
  'SHOW CREATE USER root@localhost',
)

const INSERTS: readonly Attempt[] = jobOf(
  'loader',
  refused(
    'write',
    'INSERT INTO shop.products (product_id) VALUES (99)',
    "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE shop.users",
  ),
)

const WRITES: readonly Attempt[] = refused(
  'write',
  'REPLACE INTO shop.products (product_id) VALUES (99)',
  'UPDATE shop.orders SET price_usd = 0',
  'UPDATE shop.monthly_volume SET total_orders = 0',
  'DELETE FROM shop.order_items',
  'DELETE FROM shop.monthly_sessions',
  'TRUNCATE TABLE shop.chat_messages',
  'DROP TABLE shop.orders',
  'ALTER TABLE shop.orders ADD COLUMN mine INT',
  'RENAME TABLE shop.orders TO shop.gone',
  'CREATE INDEX mine ON shop.orders (price_usd)',
  'CREATE TABLE shop.mine (a INT)',
  'CREATE TABLE shop.mine LIKE shop.orders',
  'CREATE DATABASE mine',
  'DROP DATABASE shop',
  'CREATE TEMPORARY TABLE shop.mine (a INT)',
)

/** Programs that would run with somebody else's rights. */
const PROGRAMS: readonly Attempt[] = refused(
  'program',
  'CREATE VIEW shop.mine AS SELECT 1',
  'CREATE DEFINER = root@localhost SQL SECURITY DEFINER VIEW shop.mine AS SELECT * FROM shop.users',
  'CREATE OR REPLACE SQL SECURITY INVOKER VIEW shop.monthly_volume AS SELECT 1',
  'ALTER VIEW shop.monthly_volume AS SELECT 1',
  'DROP VIEW shop.monthly_volume',
  'CREATE PROCEDURE shop.mine() SELECT * FROM shop.users',
  'CREATE DEFINER = root@localhost PROCEDURE shop.mine() SELECT * FROM shop.users',
  'CREATE FUNCTION shop.mine() RETURNS INT DETERMINISTIC RETURN 1',
  'ALTER PROCEDURE shop.order_performance SQL SECURITY INVOKER',
  'DROP PROCEDURE shop.order_performance',
  'CREATE TRIGGER shop.mine BEFORE INSERT ON shop.users FOR EACH ROW SET @a = 1',
  'CREATE EVENT shop.mine ON SCHEDULE EVERY 1 DAY DO SET @a = 1',
  "CREATE FUNCTION mine RETURNS STRING SONAME 'mine.so'",
  "INSTALL PLUGIN mine SONAME 'mine.so'",
)

const FILES: readonly Attempt[] = [
  ...nothing('file', "SELECT LOAD_FILE('/etc/passwd')"),
  ...refused(
    'file',
    "SELECT 1 INTO OUTFILE '/tmp/ecomdb-stolen'",
    "SELECT 1 INTO DUMPFILE '/tmp/ecomdb-stolen'",
    "LOAD DATA INFILE '/etc/passwd' INTO TABLE shop.users",
  ),
]

const PRIVILEGES: readonly Attempt[] = [
  ...refused(
    'role',
    'SET ROLE root',
    'SET ROLE outsider',
    "CREATE USER mine IDENTIFIED BY 'Some-word-1'",
    'CREATE ROLE mine',
    'DROP ROLE outsider',
    'DROP USER root@localhost',
    "ALTER USER root@localhost IDENTIFIED BY 'Some-word-1'",
    "SET PASSWORD FOR root@localhost = 'Some-word-1'",
    'RENAME USER root@localhost TO toor@localhost',
    'GRANT SELECT ON shop.orders TO root@localhost',
    'GRANT SELECT ON shop.monthly_volume TO root@localhost',
    'GRANT outsider TO root@localhost',
    'REVOKE outsider FROM root@localhost',
  ),
  ...only('mariadb', refused('role', 'SET DEFAULT ROLE outsider')),
  ...only('mysql', refused('role', 'SET DEFAULT ROLE outsider TO root@localhost')),
]

const SERVER: readonly Attempt[] = [
  ...refused(
    'server',
    'SET GLOBAL general_log = 1',
    'SET SESSION sql_log_bin = 0',
    'FLUSH PRIVILEGES',
    'FLUSH TABLES WITH READ LOCK',
    'SHUTDOWN',
    'PURGE BINARY LOGS BEFORE NOW()',
    'SHOW BINLOG EVENTS',
  ),
  ...jobOf(
    'dba',
    refused('server', 'SHOW BINARY LOGS', 'SELECT COUNT(*) FROM information_schema.innodb_trx'),
  ),
  ...only(
    'mysql',
    refused('server', 'SET PERSIST max_connections = 5', 'LOCK INSTANCE FOR BACKUP'),
  ),
  ...only('mysql', refused('server', 'SELECT COUNT(*) FROM performance_schema.threads')),
  ...only('mysql', refused('server', 'SELECT COUNT(*) FROM sys.session')),
]

const OTHERS = "user NOT IN (SUBSTRING_INDEX(USER(), '@', 1), 'event_scheduler')"

/** What things are made of; who may insert into a table sees that of it. */
const METADATA: readonly Attempt[] = jobOf('loader', [
  ...refused(
    'metadata',
    'DESCRIBE shop.users',
    'SHOW CREATE TABLE shop.users',
    'SHOW INDEX FROM shop.users',
    'SHOW COLUMNS FROM shop.users',
  ),
  ...nothing(
    'metadata',
    "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'shop' AND table_type = 'BASE TABLE' AND table_name NOT IN (SELECT table_name FROM information_schema.table_privileges)",
    "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = 'shop' AND table_name IN ('users', 'orders')",
    "SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = 'shop' AND table_name = 'users'",
    "SELECT COUNT(*) FROM information_schema.key_column_usage WHERE table_schema = 'shop' AND table_name = 'users'",
    "SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema = 'shop'",
  ),
])

/** What the catalogue tells everybody about things they may not touch. */
const LEAKS: readonly Attempt[] = [
  ...nothing(
    'leak',
    "SELECT COUNT(*) FROM information_schema.routines WHERE routine_schema = 'shop' AND COALESCE(routine_definition, '') <> ''",
    "SELECT COUNT(*) FROM information_schema.views WHERE table_schema = 'shop' AND COALESCE(view_definition, '') <> ''",
    "SELECT COUNT(*) FROM information_schema.user_privileges WHERE grantee LIKE '%root%'",
    "SELECT COUNT(*) FROM information_schema.schema_privileges WHERE grantee LIKE '%ecomdb%'",
  ),
  ...jobOf(
    'dba',
    nothing(
      'leak',
      `SELECT COUNT(*) FROM information_schema.processlist WHERE ${OTHERS}`,
      "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'mysql'",
    ),
  ),
]

const HARMLESS: readonly Attempt[] = allowed(
  'harmless',
  'everybody may take a named lock, and so make ecomdb wait: it says who holds it',
  "SELECT GET_LOCK('mine', 0)",
  "SELECT RELEASE_LOCK('mine')",
)

/** Whom it hits is gone. `{victim}` is the id of root's connection. */
const KILL: readonly Attempt[] = jobOf(
  'dba',
  refused('kill', 'KILL QUERY {victim}', 'KILL {victim}'),
)

/** Everything but the plain SELECT, INSERT, UPDATE and DELETE on each object. */
export function attemptsOn(family: EngineFamily): Attempt[] {
  return [
    ...READS,
    ...INSERTS,
    ...WRITES,
    ...PROGRAMS,
    ...FILES,
    ...PRIVILEGES,
    ...SERVER,
    ...METADATA,
    ...LEAKS,
    ...HARMLESS,
    ...KILL,
    // Last, as what comes after it would have no role.
    ...allowed('harmless', 'a role can be put down', 'SET ROLE NONE'),
  ].filter(attempt => (attempt.only ?? family) === family)
}
