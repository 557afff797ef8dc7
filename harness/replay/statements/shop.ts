import type { EngineFamily } from '#domain/engine-family'

/** What is there before the first statement of a round. */
export const shopBefore = (family: EngineFamily): readonly string[] => [
  ...TABLES,
  ...FUNCTIONS,
  ...PROCEDURES,
  ...ACCOUNTS,
  ...(family === 'mariadb' ? ['CREATE SEQUENCE sq'] : []),
]

const TABLES = [
  'CREATE DATABASE shop',
  'USE shop',
  'CREATE TABLE nums (n INT PRIMARY KEY, w VARCHAR(20))',
  "INSERT INTO nums VALUES (1,'one'), (2,'two'), (3,'three'), (4,'four'), (5,'fünf')",
  'CREATE TABLE audit (id BIGINT AUTO_INCREMENT PRIMARY KEY, what TEXT, n INT, at DATETIME(6))',
  'CREATE TABLE t0 (id INT AUTO_INCREMENT PRIMARY KEY, c0 VARCHAR(30), c1 TIMESTAMP NULL, c2 DATETIME, c3 DOUBLE)',
  'CREATE TABLE t1 (c0 INT, c1 TEXT, c2 DECIMAL(20,10))',
  'CREATE TABLE t2 (id INT PRIMARY KEY, c0 VARCHAR(50), c1 DOUBLE) ENGINE=MyISAM',
  "INSERT INTO t0 (c0, c1, c2, c3) VALUES ('a', NOW(), NOW(), 0.1), ('é', NULL, '2024-03-31 02:30:00', 1e0/3)",
  "INSERT INTO t1 VALUES (1, 'x', 1/3)",
]

const FUNCTIONS = [
  'CREATE FUNCTION f1(a INT) RETURNS DECIMAL(20,10) DETERMINISTIC RETURN a / 7',
  'CREATE FUNCTION f2() RETURNS VARCHAR(100) NOT DETERMINISTIC RETURN CONCAT(NOW(6), UUID(), RAND())',
  "CREATE FUNCTION f3(a VARCHAR(20)) RETURNS TEXT DETERMINISTIC RETURN CONCAT(a, DAYNAME('2024-05-05'), 'é', COLLATION(a))",
  "CREATE FUNCTION f4(a INT) RETURNS INT MODIFIES SQL DATA NOT DETERMINISTIC BEGIN INSERT INTO audit (what, n, at) VALUES ('f4', a, NOW(6)); UPDATE t0 SET c3 = c3 + a; RETURN LAST_INSERT_ID(); END",
]

// No variable is FLOAT or DOUBLE: those are written as other literals (NAME_CONST), which is known.
const PROCEDURES = [
  'CREATE PROCEDURE p1(a INT, b VARCHAR(50)) BEGIN DECLARE i INT DEFAULT 0; DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END; WHILE i < 2 DO INSERT INTO audit (what, n, at) VALUES (CONCAT(b, i), a + i, NOW(6)); SET i = i + 1; END WHILE; END',
  'CREATE PROCEDURE p2() BEGIN DECLARE dt DATETIME(3) DEFAULT NOW(3); DECLARE dc DECIMAL(10,3) DEFAULT 1/3; INSERT INTO audit (what, at) VALUES (CONCAT(dc, dt), dt); INSERT INTO t0 (c0, c2) VALUES (dc, dt); END',
  'CREATE PROCEDURE p3(b TEXT) BEGIN DECLARE v VARCHAR(20) CHARSET latin1 DEFAULT b; INSERT INTO audit (what) SELECT CONCAT(v, w) FROM nums WHERE n < 3; END',
]

const ACCOUNTS = [
  'CREATE USER app@localhost',
  'GRANT ALL ON *.* TO app@localhost WITH GRANT OPTION',
  'CREATE USER ann@localhost',
  'GRANT ALL ON *.* TO ann@localhost',
  'CREATE ROLE r0',
  'GRANT SELECT ON shop.* TO r0',
  'GRANT r0 TO app@localhost',
]
