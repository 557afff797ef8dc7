import type { EngineFamily } from '#domain/engine-family'
import type { Session } from '#engine/session'
import { isKnown } from '#test/newer-sql'

/**
 * A server with every kind of thing that a backup has been known to lose: types whose text
 * is not their value, names that need quoting everywhere, rows that today's modes refuse,
 * keys of every sort, programs of other character sets, accounts with every kind of grant.
 */
export const ODD_DATABASE = 'odd `db" 名'
const ODD = '`odd ``db" 名`'

/** All that is made here is dropped with the server: it is for servers of a test's own. */
export async function fillOddServer(session: Session, family: EngineFamily): Promise<void> {
  await session.run(`CREATE DATABASE ${ODD} CHARACTER SET latin1`)
  await session.run('CREATE DATABASE second')
  await session.run(`USE ${ODD}`)
  // What a strict session refuses, and what the past accepted.
  await session.run("SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00'")
  for (const sql of [...TABLES, ...(family === 'mysql' ? MYSQL_TABLES : MARIADB_TABLES)]) {
    await session.run(sql)
  }
  for (const sql of ROWS) await session.run(sql)
  for (const sql of family === 'mysql' ? MYSQL_ROWS : MARIADB_ROWS) await session.run(sql)
  for (const sql of PROGRAMS) await session.run(sql)
  const own = family === 'mysql' ? MYSQL_ONLY : MARIADB_ONLY
  for (const sql of own.filter(one => isKnown(one, session.flavor))) await session.run(sql)
  for (const sql of family === 'mysql' ? MYSQL_ACCOUNTS : MARIADB_ACCOUNTS) await session.run(sql)
}

const TABLES = [
  `CREATE TABLE numbers (
     id BIGINT NOT NULL PRIMARY KEY, t TINYINT, tu TINYINT UNSIGNED, b BIGINT, bu BIGINT UNSIGNED,
     d DECIMAL(65,30), z INT(9) ZEROFILL, f FLOAT, f2 DOUBLE, b1 BIT(1), b64 BIT(64), y YEAR)`,
  `CREATE TABLE times (
     id INT NOT NULL PRIMARY KEY, d DATE, t TIME(6), dt DATETIME(6), ts TIMESTAMP(6) NULL,
     touched TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
     zero DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00')`,
  `CREATE TABLE members (
     id INT NOT NULL PRIMARY KEY, e ENUM('', 'a', 'b,\\'') CHARACTER SET latin1, e2 ENUM('x','é') CHARACTER SET utf8mb4,
     s SET('', 'a', 'b') CHARACTER SET latin1, s2 SET('p','q'))`,
  `CREATE TABLE texts (
     id VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL PRIMARY KEY,
     u VARCHAR(100) CHARACTER SET utf8mb4, l VARCHAR(100) CHARACTER SET latin1,
     w VARCHAR(100) CHARACTER SET utf16, c CHAR(20) CHARACTER SET ucs2, s VARCHAR(50) CHARACTER SET sjis,
     bi BINARY(8), vb VARBINARY(300), lt LONGTEXT CHARACTER SET utf8mb4, bl LONGBLOB)`,
  'CREATE TABLE counters (id INT NOT NULL AUTO_INCREMENT, n INT, PRIMARY KEY (n), KEY a (n), KEY byid (id), KEY z (n)) AUTO_INCREMENT=1000',
  'CREATE TABLE zero_id (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, n INT)',
  'CREATE TABLE zero_id_stored (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, b BIT(9), j JSON)',
  `CREATE TABLE computed (
     id INT NOT NULL PRIMARY KEY, a INT, v INT GENERATED ALWAYS AS (a + 1) VIRTUAL,
     st VARCHAR(30) GENERATED ALWAYS AS (CONCAT(a, '),\`(')) STORED, hidden INT INVISIBLE DEFAULT 7,
     KEY (v), CHECK (a < 100 OR a > 1000))`,
  'CREATE TABLE keyless (a INT, b VARCHAR(10))',
  'CREATE TABLE nullable_unique (a INT NOT NULL, b INT, UNIQUE KEY ab (a, b), UNIQUE KEY a (a), KEY b (b))',
  'CREATE TABLE composite (a INT NOT NULL, b VARBINARY(10) NOT NULL, c INT, PRIMARY KEY (b, a))',
  `CREATE TABLE inherits (
     a VARCHAR(9) NOT NULL PRIMARY KEY, b VARCHAR(9) COLLATE utf8mb4_unicode_ci, c VARCHAR(9) COLLATE utf8mb4_bin,
     e ENUM('COLLATE x', 'b') DEFAULT 'b' COMMENT ' COLLATE y', g VARCHAR(30) GENERATED ALWAYS AS (CONCAT(a, '') COLLATE utf8mb4_bin) STORED,
     KEY (b)) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`,
  // Columns of the default of their time, and another default now.
  'CREATE TABLE moved_default (a VARCHAR(9) NOT NULL PRIMARY KEY) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci',
  'ALTER TABLE moved_default DEFAULT COLLATE utf8mb4_bin',
  'CREATE TABLE empty_one (id INT NOT NULL PRIMARY KEY)',
  // Definitions that SHOW CREATE TABLE prints wrongly with results in utf8mb4.
  `CREATE TABLE defaults (
     id INT NOT NULL PRIMARY KEY, b VARBINARY(8) DEFAULT 0xFF005C27FE, c BINARY(2) DEFAULT 0x80,
     t VARCHAR(20) CHARACTER SET utf8mb4, g VARCHAR(30) CHARACTER SET utf8mb4 GENERATED ALWAYS AS (CONCAT(t, '🐻')) STORED,
     CONSTRAINT no_bear CHECK (t <> '🐻')) DEFAULT CHARACTER SET utf8mb4`,
  `CREATE TABLE \`t\`\`a,(b'"\\\\ 表\` (
     \`primary\` INT NOT NULL COMMENT 'it''s, (KEY \`x\`)', \`b\`\`,) KEY\` VARCHAR(20) DEFAULT 'a,\\'\\\\(', \`tab	and
newline\` INT,
     PRIMARY KEY (\`primary\`), KEY \`k\`\`,(\` (\`b\`\`,) KEY\`(3), \`tab	and
newline\`) COMMENT 'KEY, (', UNIQUE KEY \`é表\` (\`tab	and
newline\`)) COMMENT = 'ENGINE=MyISAM, \\'x\\' ; --'`,
  'CREATE TABLE parents (id INT NOT NULL PRIMARY KEY, code CHAR(3) NOT NULL UNIQUE, up INT, CONSTRAINT self FOREIGN KEY (up) REFERENCES parents (id))',
  `CREATE TABLE children (
     id INT NOT NULL PRIMARY KEY, p INT, code CHAR(3),
     CONSTRAINT \`c,\`\`p\` FOREIGN KEY (p) REFERENCES parents (id) ON DELETE SET NULL ON UPDATE CASCADE,
     CONSTRAINT by_code FOREIGN KEY (code) REFERENCES parents (code))`,
  'CREATE TABLE searched (id INT NOT NULL PRIMARY KEY, a TEXT, b TEXT, n INT, KEY (n), FULLTEXT KEY fa (a), FULLTEXT KEY fab (a, b))',
  `CREATE TABLE parted (id INT NOT NULL, y INT NOT NULL, t VARCHAR(9), PRIMARY KEY (id, y), KEY t (t))
     PARTITION BY RANGE (y) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE)`,
  'CREATE TABLE old_engine (a INT, n INT NOT NULL AUTO_INCREMENT, t VARCHAR(9), PRIMARY KEY (a, n), FULLTEXT KEY ft (t)) ENGINE=MyISAM',
  'CREATE TABLE in_memory (id INT PRIMARY KEY, t VARCHAR(9), KEY t (t) USING BTREE) ENGINE=MEMORY',
  // It takes no key below its counter.
  "CREATE TABLE archived (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, t VARCHAR(9)) ENGINE=ARCHIVE COMMENT='AUTO_INCREMENT=7'",
  'CREATE TABLE second.order_items (order_item_id INT NOT NULL PRIMARY KEY, created_at DATETIME NOT NULL, price_usd DECIMAL(6,2))',
  'CREATE TABLE second.orders (order_id INT NOT NULL PRIMARY KEY, created_at DATETIME NOT NULL, price_usd DECIMAL(6,2))',
  'CREATE TABLE second.other (id INT NOT NULL PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES `odd ``db" 名`.parents (id))',
]

const MYSQL_TABLES = [
  'CREATE TABLE documents (id INT NOT NULL PRIMARY KEY, j JSON, g GEOMETRY SRID 4326, p POINT NOT NULL SRID 0, SPATIAL KEY (p), KEY ((CAST(j->>"$.n" AS UNSIGNED))))',
  `CREATE SPATIAL REFERENCE SYSTEM 1000000 NAME 'mine' ORGANIZATION 'me' IDENTIFIED BY 77 DEFINITION 'GEOGCS["mine",DATUM["WGS 84",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.017453292519943278],AXIS["Lat",NORTH],AXIS["Lon",EAST]]' DESCRIPTION 'it''s \\\\ é'`,
  'CREATE TABLE placed (id INT PRIMARY KEY, p POINT SRID 1000000)',
  "INSERT INTO placed VALUES (1, ST_GeomFromText('POINT(1 2)', 1000000))",
  'CREATE TABLE descending (id INT NOT NULL PRIMARY KEY, a INT, KEY hid (a DESC) INVISIBLE, KEY fn ((a + 1)))',
]

const MARIADB_TABLES = [
  'CREATE TABLE documents (id INT NOT NULL PRIMARY KEY, j JSON, g GEOMETRY, p POINT NOT NULL, SPATIAL KEY (p))',
  'CREATE TABLE long_unique (id INT NOT NULL PRIMARY KEY, a BLOB UNIQUE, n INT, KEY (n))',
  'CREATE TABLE ids (u UUID NOT NULL PRIMARY KEY, i INET6, i4 INET4)',
  'CREATE TABLE in_aria (id INT PRIMARY KEY, t VARCHAR(9)) ENGINE=Aria TRANSACTIONAL=1',
  'CREATE TABLE with_history (id INT PRIMARY KEY, n INT, KEY n (n)) WITH SYSTEM VERSIONING',
  'CREATE TABLE history_named (id INT, n INT WITHOUT SYSTEM VERSIONING, s TIMESTAMP(6) GENERATED ALWAYS AS ROW START, e TIMESTAMP(6) GENERATED ALWAYS AS ROW END INVISIBLE, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING',
  'CREATE TABLE history_parted (id INT PRIMARY KEY, n INT) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME LIMIT 2 (PARTITION p0 HISTORY, PARTITION p1 HISTORY, PARTITION pn CURRENT)',
  'CREATE SEQUENCE numbering START WITH 5 INCREMENT BY 3 CACHE 10',
  'CREATE TABLE numbered (id BIGINT NOT NULL DEFAULT nextval(numbering) PRIMARY KEY, n INT)',
]

const ALL_BYTES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0')).join(
  '',
)

const ROWS = [
  `INSERT INTO numbers VALUES
     (-9223372036854775808, -128, 0, -9223372036854775808, 0, -99999999999999999999999999999999999.999999999999999999999999999999, 1, 123456.789, -1.7976931348623157e308, b'0', b'0', 1901),
     (0, 127, 255, 9223372036854775807, 18446744073709551615, 0.000000000000000000000000000001, 999999999, 1e-30, 4.9e-324, b'1', 0xFFFFFFFFFFFFFFFF, 0),
     (9223372036854775807, NULL, NULL, NULL, NULL, NULL, NULL, 16777217, 0.1, NULL, 0x0A5C270900, 2155),
     (7, 1, 1, 1, 1, 1, 1, -0.0, -0.0, b'1', 0x5C4E, 2000)`,
  `INSERT INTO times VALUES
     (1, '0000-00-00', '-838:59:59.000000', '0000-00-00 00:00:00', '2026-03-29 00:59:59.999999', '2026-03-29 01:00:00', '0000-00-00 00:00:00'),
     (2, '2012-00-00', '838:59:59.000000', '9999-12-31 23:59:59.999999', '2026-10-25 00:30:00.5', '2026-10-25 01:30:00', '2012-02-00 00:00:00'),
     (3, NULL, NULL, NULL, NULL, '1970-01-01 00:00:01', DEFAULT),
     (4, '1000-01-01', '00:00:00.000001', '1000-01-01 00:00:00.000001', '2038-01-19 03:14:07.999999', '2038-01-19 03:14:07', DEFAULT)`,
  `INSERT IGNORE INTO members VALUES (1, '', 'x', '', ''), (2, 'no such member', 'none', 'a,b', 'p,q'), (3, 'b,\\'', 'é', NULL, NULL), (4, 2, 0, 'a', 'q')`,
  `INSERT INTO texts (id, u, l, w, c, s, bi, vb, lt, bl) VALUES
     ('', '', '', '', '', '', '', '', '', ''),
     ('null', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
     ('special', 'tab\\t nl\\n cr\\r bs\\\\ nul\\0 q\\' z\\Z \\\\N', '\\\\N', '\\\\N\\t', 'a\\n', '\\\\t', '\\\\N', '\\n\\t\\\\\\0', '\\\\', '\\0'),
     ('bear 🐻', '🐻é名', 'é€ÿ', '🐻é名', 'é名', 'ソ表能', x'00ff5c0a', x'${ALL_BYTES}', REPEAT('名🐻\\n', 50000), x'${ALL_BYTES}${ALL_BYTES}'),
     ('spaces  ', ' x  ', 'x ', '  ', ' x', ' ', '  ', '  ', '\\n', '\\r\\n')`,
  // Longer than one packet of the protocol can be, 2^24 - 1 bytes.
  "INSERT INTO texts (id, bl) VALUES ('big', CONCAT(REPEAT('a\\t\\n\\\\', 4300000), 'end'))",
  'INSERT INTO counters (id, n) VALUES (5, 1), (7, 2)',
  'INSERT INTO zero_id VALUES (0, 1), (-3, 2), (12, 3)',
  "INSERT INTO zero_id_stored VALUES (0, 1, NULL), (-3, 2, '[]'), (12, NULL, '1')",
  'INSERT INTO computed (id, a, hidden) VALUES (1, 5, 8), (2, NULL, NULL), (3, 2000, 9)',
  "INSERT INTO inherits (a, b, c, e) VALUES ('é', 'É', 'e', 'COLLATE x')",
  "INSERT INTO keyless VALUES (1, 'a'), (1, 'a'), (2, NULL), (NULL, 'é'), (2, NULL)",
  'INSERT INTO nullable_unique VALUES (1, NULL), (2, 5), (3, NULL)',
  "INSERT INTO composite VALUES (1, x'00', 1), (1, x'', 2), (2, x'ff00', 3), (1, x'ff', 4)",
  "INSERT INTO `t``a,(b'\"\\\\ 表` VALUES (1, 'x', 1), (2, DEFAULT, NULL)",
  "INSERT INTO parents VALUES (1, 'aaa', NULL), (2, 'bbb', 1)",
  "INSERT INTO children VALUES (1, 1, 'bbb'), (2, NULL, NULL)",
  "INSERT INTO searched VALUES (1, 'the bear sleeps', 'honey', 3), (2, 'a panda', NULL, 4)",
  "INSERT INTO parted VALUES (1, 5, 'a'), (1, 50, 'b')",
  'INSERT INTO second.other VALUES (1, 2)',
  "INSERT INTO second.order_items VALUES (1, '2012-03-19 09:00:00', 49.99)",
  "INSERT INTO old_engine (a, t) VALUES (1, 'x'), (1, 'y'), (2, NULL)",
  "INSERT INTO archived VALUES (3, 'a'), (5, 'b')",
  "INSERT INTO in_memory VALUES (1, 'x'), (2, NULL)",
  "INSERT INTO second.orders VALUES (1, '2012-03-19 09:00:00', 49.99)",
]

const MYSQL_ROWS = [
  `INSERT INTO documents VALUES
     (1, '{"n": 18446744073709551615, "f": 1.10, "s": "🐻\\\\n\\\\u0000", "a": [null, true]}', ST_GeomFromText('POINT(1 2)', 4326), POINT(0.1, -0.2)),
     (2, 'null', NULL, POINT(0, 0)), (3, NULL, ST_GeomFromText('POLYGON((0 0,0 1,1 1,0 0))', 4326), POINT(1, 1))`,
  'INSERT INTO descending VALUES (1, 5), (2, NULL)',
]

const MARIADB_ROWS = [
  `INSERT INTO documents VALUES
     (1, '{"n": 18446744073709551615, "s": "🐻\\\\n"}', ST_GeomFromText('POINT(1 2)', 4326), POINT(0.1, -0.2)),
     (2, 'null', NULL, POINT(0, 0)), (3, NULL, ST_GeomFromText('POLYGON((0 0,0 1,1 1,0 0))'), POINT(1, 1))`,
  "INSERT INTO long_unique VALUES (1, 'x', 1), (2, NULL, 2)",
  "INSERT INTO ids VALUES ('123e4567-e89b-12d3-a456-426655440000', '2001:db8::ff00:42:8329', '10.0.0.1')",
  'INSERT INTO numbered (n) VALUES (1), (2)',
  "INSERT INTO in_aria VALUES (1, 'x')",
  ...['with_history', 'history_named', 'history_parted'].flatMap(table => [
    `INSERT INTO ${table} (id, n) VALUES (1, 1), (2, 2), (3, 3)`,
    `UPDATE ${table} SET n = n + 10 WHERE id < 3`,
    `UPDATE ${table} SET id = id + 10 WHERE id = 2`,
    `DELETE FROM ${table} WHERE id = 3`,
    `INSERT INTO ${table} (id, n) VALUES (3, 4)`,
  ]),
]

export const FAR =
  "CREATE SERVER far FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'it''s \\\\', USER 'u', PASSWORD 'p''w', DATABASE 'd', PORT 3307)"

const PROGRAMS = [
  // It remembers the collation that its database had.
  `ALTER DATABASE ${ODD} CHARACTER SET utf8mb4`,
  "CREATE FUNCTION remembers() RETURNS VARCHAR(20) DETERMINISTIC BEGIN DECLARE v VARCHAR(9) DEFAULT 'x'; RETURN CHARSET(v); END",
  `ALTER DATABASE ${ODD} CHARACTER SET latin1`,
  // A snapshot of 2016, restored after the event was over.
  'SET timestamp = 1460000000',
  "CREATE EVENT over_by_now ON SCHEDULE AT '2017-01-01 00:00:00' ON COMPLETION NOT PRESERVE DISABLE DO SET @a = 1",
  'SET timestamp = DEFAULT',
  'CREATE TABLE dropped_below (id INT PRIMARY KEY)',
  'CREATE VIEW invalid_since AS SELECT id FROM dropped_below',
  // The session's character set has no such letters: neither engine opens what it has made.
  'CREATE TABLE foreign_letters (id INT PRIMARY KEY, `名` INT)',
  'SET NAMES latin1',
  'CREATE VIEW broken_by_letters AS SELECT * FROM foreign_letters',
  'SET NAMES utf8mb4',
  "CREATE USER 'ecomdb_definer'@'localhost' ACCOUNT LOCK",
  `GRANT SELECT, EXECUTE ON ${ODD}.* TO 'ecomdb_definer'@'localhost'`,
  "GRANT SELECT ON second.orders TO 'ecomdb_definer'@'localhost'",
  // By the names that the backup asks the shop's probes by.
  'CREATE PROCEDURE second.order_performance(f DATE, t DATE) SELECT COUNT(*), SUM(price_usd) FROM second.orders WHERE created_at BETWEEN f AND t + INTERVAL 1 DAY',
  'CREATE VIEW second.monthly_volume AS SELECT YEAR(created_at) AS year, MONTH(created_at) AS month, COUNT(*) AS n FROM second.orders GROUP BY 1, 2',
  'CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC RETURN n * 2',
  // Made before the view that it reads, by name: it comes after it.
  "CREATE DEFINER = 'ecomdb_definer'@'localhost' VIEW z_base AS SELECT id, twice(a) AS a FROM computed",
  'CREATE VIEW `a "view`` 名` AS SELECT id AS `x``y`, a FROM z_base WHERE a > 0 WITH CHECK OPTION',
  FAR,
  // It opens, and its row makes the server refuse: error 1242.
  'CREATE VIEW second.too_many AS SELECT (SELECT 1 UNION SELECT 2) AS one',
  "CREATE DEFINER = CURRENT_USER SQL SECURITY INVOKER VIEW second.across AS SELECT 'é🐻' AS t, p.* FROM `odd ``db\" 名`.parents p",
  "SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
  'CREATE DEFINER = "ecomdb_definer"@"localhost" PROCEDURE "p""1"(IN "n`" INT) COMMENT \'a\\b\'\'s\\\' BEGIN SELECT \'\\\' AS "a""b", "n`"; END',
  "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
  "CREATE TRIGGER second_first BEFORE INSERT ON computed FOR EACH ROW SET NEW.a = NEW.a + 1000 -- 'é",
  'CREATE TRIGGER a_second BEFORE INSERT ON computed FOR EACH ROW FOLLOWS second_first SET NEW.a = NEW.a * 2',
  // Of a client in latin1, with letters in all that the server keeps of it in UTF-8.
  "CREATE USER 'dé'@'localhost' ACCOUNT LOCK",
  "GRANT SELECT ON second.* TO 'dé'@'localhost'",
  'USE second',
  'CREATE TABLE `tä` (id INT PRIMARY KEY)',
  'SET NAMES latin1',
  "CREATE DEFINER = 'dé'@'localhost' FUNCTION `fé`(`aé` INT) RETURNS ENUM('ü', 'it''s') DETERMINISTIC COMMENT 'it''s ä' RETURN 'ü'",
  "CREATE DEFINER = 'dé'@'localhost' PROCEDURE `pé`(`aé` INT) COMMENT 'ä' SELECT 'bö', `aé`",
  "CREATE DEFINER = 'dé'@'localhost' VIEW `vé` AS SELECT id AS `ü`, 'bö' AS b FROM `tä`",
  "CREATE DEFINER = 'dé'@'localhost' TRIGGER `gé` BEFORE INSERT ON `tä` FOR EACH ROW SET @a = 'bö'",
  "CREATE DEFINER = 'dé'@'localhost' EVENT `yé` ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01' DISABLE COMMENT 'ä' DO SET @a = 'bö'",
  // To a server the letter and the backslash are one in sjis.
  'SET NAMES sjis',
  "CREATE FUNCTION `ふ表`() RETURNS VARCHAR(50) DETERMINISTIC COMMENT 'あ' RETURN HEX('a\\n\\\\＼能')",
  "CREATE VIEW `ビ表` AS SELECT HEX('a＼n\\n') AS h",
  // The driver sends a byte for the letter, and no server knows which one it is.
  'SET NAMES ascii',
  "CREATE PROCEDURE no_text() SELECT 'é?'",
  'SET NAMES utf8mb4',
  `USE ${ODD}`,
  "CREATE EVENT `e ENABLE DO` ON SCHEDULE EVERY 1 DAY STARTS '2026-01-01 00:00:00' ON COMPLETION PRESERVE ENABLE COMMENT 'ENABLE DO' DO DELETE FROM keyless WHERE a = 99",
]

const MYSQL_ONLY = [
  // It opens, and only a secondary engine has its rows: error 3889.
  'CREATE VIEW second.sampled AS SELECT order_id FROM second.orders TABLESAMPLE BERNOULLI(50)',
  // Of a later database than the routine that uses it.
  'CREATE LIBRARY second.shared LANGUAGE JAVASCRIPT AS $$ export function one() { return 1 } $$',
  `CREATE LIBRARY "li'b" COMMENT 'a\\b''c' LANGUAGE JAVASCRIPT AS $x$ '$$ é🐻\n' $x$`.replaceAll(
    '"',
    '`',
  ),
  "SET sql_mode = 'NO_BACKSLASH_ESCAPES'",
  "CREATE LIBRARY plain COMMENT 'a\\b' LANGUAGE JAVASCRIPT AS 'x\\y'",
  "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
  "CREATE LIBRARY web LANGUAGE WASM AS x'0061736d'",
  'CREATE FUNCTION one() RETURNS INT DETERMINISTIC LANGUAGE JAVASCRIPT USING (second.shared AS s) AS $$ return s.one() $$',
  "GRANT EXECUTE ON LIBRARY second.shared TO 'ecomdb_definer'@'localhost'",
  ...['', ' AUTO UPDATE'].map(
    how =>
      `ANALYZE TABLE second.orders UPDATE HISTOGRAM ON order_id, created_at WITH 4 BUCKETS${how}`,
  ),
  // The server reads what it has made in gbk, in which the name takes the backtick behind it: from then
  // on it makes no other trigger of the table, and this one is the first that it would fire.
  'CREATE TABLE second.closed (id INT PRIMARY KEY)',
  'CREATE TRIGGER second.`after` AFTER DELETE ON second.closed FOR EACH ROW SET @a = 1',
  'SET NAMES gbk',
  "CREATE TRIGGER second.`q表` BEFORE UPDATE ON second.closed FOR EACH ROW SET @a = '表é'",
  'SET NAMES utf8mb4',
  'CREATE RESOURCE GROUP slow TYPE = USER VCPU = 0 THREAD_PRIORITY = 5 DISABLE',
  'CREATE DATABASE frozen',
  'CREATE TABLE frozen.f (id INT PRIMARY KEY)',
  'INSERT INTO frozen.f VALUES (1)',
  'CREATE VIEW frozen.v AS SELECT id FROM frozen.f',
  'ALTER DATABASE frozen READ ONLY = 1',
]

const MARIADB_ONLY = [
  // Options of an engine that is gone.
  "SET sql_mode = 'IGNORE_BAD_TABLE_OPTIONS'",
  "CREATE TABLE second.other_engine (id INT PRIMARY KEY past='it''s', n INT, KEY n (n) lost=1) gone='é\\\\'",
  "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
  'INSERT INTO second.other_engine VALUES (1, 2)',
  "SET histogram_type = 'DOUBLE_PREC_HB'",
  'ANALYZE TABLE second.orders PERSISTENT FOR ALL',
]

const SHARED_ACCOUNTS = [
  `GRANT SELECT (a, id), INSERT ON ${ODD}.computed TO 'ann''o\`'@'10.%'`,
  `GRANT SELECT ON ${ODD}.z_base TO 'ann''o\`'@'10.%'`,
  `GRANT EXECUTE ON FUNCTION ${ODD}.twice TO 'ann''o\`'@'10.%'`,
  'GRANT SELECT ON `second`.* TO reader WITH GRANT OPTION',
  "GRANT PROCESS ON *.* TO 'ecomdb_backup'@'localhost'",
  // Both engines keep the grant when its table is dropped, and neither takes it anew.
  'CREATE TABLE second.dropped_since (id INT PRIMARY KEY)',
  'CREATE TABLE second.column_dropped (id INT PRIMARY KEY, b INT)',
  "GRANT SELECT ON second.dropped_since TO 'ecomdb_backup'@'localhost'",
  'DROP TABLE second.dropped_since',
  "GRANT SELECT (id, b), UPDATE (b) ON second.column_dropped TO 'ecomdb_backup'@'localhost'",
  'ALTER TABLE second.column_dropped DROP COLUMN b',
  `GRANT SELECT ON ${ODD}.invalid_since TO 'ecomdb_backup'@'localhost'`,
  `DROP TABLE ${ODD}.dropped_below`,
]

const MYSQL_ACCOUNTS = [
  "CREATE USER 'ann''o`'@'10.%' IDENTIFIED BY 'Secret1' REQUIRE SSL WITH MAX_USER_CONNECTIONS 3 PASSWORD EXPIRE INTERVAL 90 DAY COMMENT 'a \"note\"'",
  "CREATE USER 'ecomdb_backup'@'localhost' IDENTIFIED BY 'Secret2'",
  `CREATE USER brien IDENTIFIED BY 'Secret3' REQUIRE SUBJECT '/CN=O''Brien "x" \\\\' AND ISSUER '/C=''IE' AND CIPHER 'it''s'`,
  'CREATE ROLE reader',
  ...SHARED_ACCOUNTS,
  "GRANT reader TO 'ann''o`'@'10.%'",
  "SET DEFAULT ROLE reader TO 'ann''o`'@'10.%'",
  "GRANT BACKUP_ADMIN ON *.* TO 'ecomdb_backup'@'localhost'",
]

const MARIADB_ACCOUNTS = [
  `CREATE USER brien IDENTIFIED BY 'Secret3' REQUIRE SUBJECT '/CN=O''Brien "x" \\\\' AND ISSUER '/C=''IE' AND CIPHER 'it''s'`,
  "CREATE USER 'ann''o`'@'10.%' IDENTIFIED BY 'Secret1' REQUIRE SSL WITH MAX_USER_CONNECTIONS 3 PASSWORD EXPIRE INTERVAL 90 DAY",
  "CREATE USER 'ecomdb_backup'@'localhost' IDENTIFIED BY 'Secret2'",
  'CREATE ROLE reader',
  ...SHARED_ACCOUNTS,
  "GRANT reader TO 'ann''o`'@'10.%'",
  "SET DEFAULT ROLE reader FOR 'ann''o`'@'10.%'",
  'GRANT SELECT ON second.orders TO PUBLIC',
  // Neither is made in another mode.
  "SET sql_mode = 'ORACLE'",
  'CREATE PACKAGE second."p`1" AS FUNCTION f RETURN INT; END',
  'CREATE PACKAGE BODY second."p`1" AS FUNCTION f RETURN INT AS BEGIN RETURN 1; END; END',
  `GRANT EXECUTE ON PACKAGE second."p\`1" TO 'ann''o\`'@'10.%' WITH GRANT OPTION`,
  `GRANT EXECUTE ON PACKAGE BODY second."p\`1" TO reader`,
  "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
  // Whoever restores may grant it to others, and is not its administrator afterwards.
  'CREATE ROLE governed WITH ADMIN reader',
  "GRANT PROXY ON 'ecomdb_backup'@'localhost' TO 'ann''o`'@'10.%'",
]
