import type { Probe } from './probe.ts'

/** Groups that both engines know. */
export const PROBES_OF_BOTH: readonly Probe[] = [
  {
    name: 'temporary table of another engine',
    statements: [
      'CREATE TEMPORARY TABLE tt (i INT)',
      'CREATE TABLE p_tmp (i INT)',
      'BEGIN',
      'INSERT INTO tt VALUES (1)',
      'INSERT INTO p_tmp VALUES (9)',
      'ROLLBACK',
      'INSERT INTO p_tmp SELECT * FROM tt',
    ],
  },
  {
    name: 'row format and key lengths',
    statements: [
      "SET sql_mode=''",
      'CREATE TABLE p_rowf (a VARCHAR(1000) CHARACTER SET latin1, KEY (a)) ENGINE=InnoDB',
      'CREATE TABLE p_rowf2 (a VARCHAR(1000) CHARACTER SET latin1, UNIQUE KEY (a)) ENGINE=InnoDB',
      "INSERT INTO p_rowf2 VALUES (CONCAT(REPEAT('a',800),'b'))",
    ],
  },
  {
    name: 'recursive procedure under a trigger',
    statements: [
      'CREATE PROCEDURE p_rec(n INT) BEGIN IF n > 0 THEN INSERT INTO p_recl VALUES (n); CALL p_rec(n-1); END IF; END',
      'CREATE TABLE p_recl (i INT)',
      'CREATE TABLE p_rect (i INT)',
      'CREATE TRIGGER p_tr AFTER INSERT ON p_rect FOR EACH ROW CALL p_rec(3)',
      'INSERT INTO p_rect VALUES (1)',
    ],
  },
  { name: 'view updated with LIMIT', statements: ["UPDATE v1 SET t = 'x' ORDER BY t LIMIT 1"] },
  {
    name: 'time zones of events',
    statements: [
      'CREATE EVENT p_ev ON SCHEDULE EVERY 1 DAY DO SELECT 1',
      "CREATE EVENT p_ev2 ON SCHEDULE AT '2037-01-01 00:00:00' DO SELECT 1",
      "CREATE EVENT p_ev3 ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO SELECT 1",
      "SET time_zone='SYSTEM'",
      'CREATE EVENT p_ev4 ON SCHEDULE EVERY 2 DAY DO SELECT 1',
      "SET time_zone='+05:00'",
      'CREATE EVENT p_ev5 ON SCHEDULE EVERY 2 DAY DO SELECT 1',
      'ALTER EVENT p_ev4 COMMENT "x"',
      'ALTER EVENT p_ev ON SCHEDULE EVERY 3 DAY',
    ],
  },
  {
    name: 'times become timestamps',
    statements: [
      'CREATE TABLE p_at SELECT id, ts, dt FROM base',
      'ALTER TABLE p_at MODIFY ts DATETIME, MODIFY dt TIMESTAMP NULL',
    ],
  },
  {
    name: 'times change type under other zones',
    statements: [
      "SET time_zone='+04:30'",
      'CREATE TABLE p_at2 (id INT, ts TIMESTAMP NULL, dt DATETIME)',
      "INSERT INTO p_at2 VALUES (1,'2024-01-01 00:00:00','2024-01-01 00:00:00')",
      "SET time_zone='-02:00'",
      'ALTER TABLE p_at2 MODIFY ts VARCHAR(30)',
      "SET time_zone='+00:00'",
      'ALTER TABLE p_at2 MODIFY dt TIMESTAMP NULL',
    ],
  },
  {
    name: 'who gave a statement',
    statements: [
      'CREATE TABLE p_cu (a TEXT, b TEXT, c TEXT)',
      'AS app INSERT INTO shop.p_cu VALUES (CURRENT_USER(), USER(), 1)',
    ],
  },
  {
    name: 'variables of sessions',
    statements: [
      'CREATE TABLE p_uv (a DOUBLE, b DECIMAL(40,20), c TEXT, d BIGINT UNSIGNED, e TEXT, f VARBINARY(50))',
      'SET @a = 1e0/3, @b = 1/3, @c = "é\\\\\'x", @d = 18446744073709551615, @e=NULL, @f = 0x00ff1a',
      'INSERT INTO p_uv VALUES (@a, @b, @c, @d, @e, @f)',
      'SET @a = 1.7976931348623157e308, @b = 99999999999999999999.12345678901234567890',
      'INSERT INTO p_uv VALUES (@a, @b, @c, @d, @e, @f)',
      'SET @a = -2.2250738585072014e-308',
      'INSERT INTO p_uv(a) VALUES (@a)',
      'SET @a=12345678901234567e0',
      'INSERT INTO p_uv(a) VALUES (@a)',
      'CREATE TABLE p_uvt AS SELECT @a AS a, @b AS b, @c AS c, @d AS d, @e AS e, @f AS f',
      'SET @t = CAST("10:11:12.123456" AS TIME(6)), @dt = TIMESTAMP"2024-01-02 03:04:05.678901"',
      'CREATE TABLE p_uvt2 AS SELECT @t AS t, @dt AS dt, CONCAT(@t) ct',
      "SET @cs = _latin1 0xe9 COLLATE latin1_bin, @v = 'A'",
      'CREATE TABLE p_uvt3 AS SELECT @cs AS cs, @v AS v',
      'CREATE TABLE p_uvi (a INT)',
      "INSERT INTO p_uvi SELECT @v = 'a'",
      "INSERT INTO p_uvi SELECT @cs = _latin1 'E' COLLATE latin1_swedish_ci",
    ],
  },
  {
    name: 'variables of routines',
    statements: [
      'CREATE TABLE p_spv (b DECIMAL(40,20), c TEXT, d DATETIME(6), f TIME(6), g YEAR, h BIT(8), i ENUM("a","b"), j VARBINARY(10))',
      'CREATE PROCEDURE p_spp() BEGIN DECLARE b DECIMAL(40,20) DEFAULT 1/3; DECLARE c TEXT DEFAULT "é\\\\\'x"; DECLARE d DATETIME(6) DEFAULT "2024-01-02 03:04:05.678901"; DECLARE f TIME(6) DEFAULT "-10:11:12.123456"; DECLARE g YEAR DEFAULT 2024; DECLARE h BIT(8) DEFAULT 21; DECLARE i ENUM("a","b") DEFAULT "b"; DECLARE j VARBINARY(10) DEFAULT 0x00ff1a27; INSERT INTO p_spv VALUES (b,c,d,f,g,h,i,j); END',
      'CALL p_spp()',
    ],
  },
  {
    name: 'texts of errors in tables',
    statements: [
      'CREATE TABLE p_diag (i INT PRIMARY KEY)',
      'CREATE TABLE p_diagl (t TEXT)',
      'CREATE TRIGGER p_dtr BEFORE INSERT ON p_diag FOR EACH ROW BEGIN DECLARE m TEXT; DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN GET DIAGNOSTICS CONDITION 1 m = MESSAGE_TEXT; INSERT INTO p_diagl VALUES (m); END; INSERT INTO nosuch VALUES (1); END',
      'INSERT INTO p_diag VALUES (1)',
    ],
  },
  {
    name: 'full text search',
    statements: [
      'CREATE TABLE p_ft (t TEXT, FULLTEXT(t)) ENGINE=MyISAM',
      "INSERT INTO p_ft VALUES ('apple banana'),('apple'),('cherry')",
      'CREATE TABLE p_ft2 (i INT, t TEXT)',
      "INSERT INTO p_ft2 SELECT 1, t FROM p_ft WHERE MATCH(t) AGAINST ('+apple -banana' IN BOOLEAN MODE)",
    ],
  },
  {
    name: 'numbers for rows without a key',
    statements: [
      'ALTER TABLE nopk ADD id INT AUTO_INCREMENT PRIMARY KEY FIRST',
      'ALTER TABLE nopkm ADD id INT AUTO_INCREMENT PRIMARY KEY FIRST',
    ],
  },
  {
    name: 'XA with another session between',
    statements: [
      "XA START 'a'",
      'INSERT INTO base (t) VALUES ("xa1")',
      "XA END 'a'",
      "XA PREPARE 'a'",
      'AS root CREATE TABLE shop.p_xa (i INT);;INSERT INTO shop.p_xa VALUES (1)',
      "XA COMMIT 'a'",
    ],
  },
  {
    name: 'XA on MyISAM, committed',
    statements: [
      'CREATE TABLE p_xam (i INT) ENGINE=MyISAM',
      "XA START 'x1'",
      'INSERT INTO p_xam VALUES (1)',
      "XA END 'x1'",
      "XA PREPARE 'x1'",
      "XA COMMIT 'x1'",
      'INSERT INTO base (t) VALUES (9)',
    ],
  },
  {
    name: 'XA on MyISAM, rolled back',
    statements: [
      'CREATE TABLE p_xam2 (i INT) ENGINE=MyISAM',
      "XA START 'x2'",
      'INSERT INTO p_xam2 VALUES (1)',
      "XA END 'x2'",
      "XA PREPARE 'x2'",
      "XA ROLLBACK 'x2'",
      'INSERT INTO base (t) VALUES (9)',
    ],
  },
  {
    name: 'XA on MyISAM, rolled back, ROW',
    statements: [
      "SET binlog_format='ROW'",
      'CREATE TABLE p_xam3 (i INT) ENGINE=MyISAM',
      "XA START 'x3'",
      'INSERT INTO p_xam3 VALUES (1)',
      "XA END 'x3'",
      "XA PREPARE 'x3'",
      "XA ROLLBACK 'x3'",
      'INSERT INTO base (t) VALUES (9)',
    ],
  },
  {
    name: 'XA on MyISAM and InnoDB, rolled back',
    statements: [
      'CREATE TABLE p_xam4 (i INT) ENGINE=MyISAM',
      "XA START 'x4'",
      'INSERT INTO p_xam4 VALUES (1)',
      'INSERT INTO base (t) VALUES (9)',
      "XA END 'x4'",
      "XA PREPARE 'x4'",
      "XA ROLLBACK 'x4'",
      'INSERT INTO base (t) VALUES (9)',
    ],
  },
  {
    name: 'renamed tables and accounts',
    statements: [
      'CREATE TABLE p_r1 (i INT)',
      'RENAME TABLE p_r1 TO p_r2',
      'CREATE USER ren@localhost',
      'GRANT SELECT ON shop.* TO ren@localhost',
      'RENAME USER ren@localhost TO ren2@localhost',
      'REVOKE ALL PRIVILEGES, GRANT OPTION FROM ren2@localhost',
    ],
  },
]
