import type { Probe } from './probe.ts'

/** Groups for MariaDB. */
export const PROBES_OF_MARIADB: readonly Probe[] = [
  // MySQL's log does not tell the role: a restore says so (exit 3), and no more would be seen.
  {
    name: 'which role gave a statement',
    statements: [
      'CREATE TABLE p_role (a TEXT, b TEXT)',
      'AS app SET ROLE boss;;INSERT INTO shop.p_role VALUES (CURRENT_ROLE(), CURRENT_ROLE())',
    ],
  },
  {
    name: 'tables of Aria',
    statements: [
      'CREATE TABLE p_aria (a INT) ENGINE=Aria',
      'CREATE TABLE p_aria2 (a INT) ENGINE=Aria TRANSACTIONAL=0',
    ],
  },
  {
    name: 'compression by default',
    statements: ['CREATE TABLE p_comp (a INT PRIMARY KEY) ENGINE=InnoDB'],
  },
  {
    name: 'compressed pages',
    statements: ['CREATE TABLE p_comp2 (a INT PRIMARY KEY) ENGINE=InnoDB PAGE_COMPRESSED=1'],
  },
  {
    name: 'passwords of the old form',
    statements: [
      'CREATE TABLE p_pw (t TEXT)',
      "INSERT INTO p_pw VALUES (PASSWORD('x'))",
      "CREATE USER pwold@localhost IDENTIFIED BY 'secret'",
      'CREATE USER pw2@localhost',
      "SET PASSWORD FOR pw2@localhost = PASSWORD('z')",
    ],
  },
  {
    name: 'sorted by the beginning',
    statements: [
      'CREATE TABLE p_sort (t VARCHAR(100), n INT)',
      'INSERT INTO p_sort SELECT t, ROW_NUMBER() OVER (ORDER BY t) FROM base',
      'CREATE TABLE p_sort2 (t TEXT)',
      'INSERT INTO p_sort2 SELECT GROUP_CONCAT(t ORDER BY t) FROM base',
      'CREATE TABLE p_sort3 (t TEXT)',
      'INSERT INTO p_sort3 SELECT GROUP_CONCAT(DISTINCT CONCAT(t,t) ORDER BY CONCAT(t,t)) FROM base',
    ],
  },
  {
    name: 'SYSDATE',
    statements: [
      'CREATE TABLE p_sys (t DATETIME(6), u DATETIME(6) DEFAULT SYSDATE(6))',
      'INSERT INTO p_sys (t) VALUES (SYSDATE(6))',
      'INSERT INTO p_sys () VALUES ()',
    ],
  },
  {
    name: 'defaults and partitions of times',
    statements: [
      'CREATE TABLE p_at3 (id INT, ts TIMESTAMP NULL)',
      "INSERT INTO p_at3 VALUES (1,'2024-01-01 00:00:00')",
      'ALTER TABLE p_at3 ADD COLUMN x DATETIME DEFAULT NOW(), ADD COLUMN y TIMESTAMP DEFAULT "2024-01-01 00:00:00", ADD COLUMN z VARCHAR(30) DEFAULT (CONCAT(NOW()))',
      'ALTER TABLE p_at3 ADD COLUMN g VARCHAR(40) AS (CONCAT(ts)) VIRTUAL',
      'CREATE TABLE p_at4 AS SELECT UNIX_TIMESTAMP(dt) AS u, FROM_UNIXTIME(0) f FROM base',
      'CREATE TABLE p_at5 (a TIMESTAMP DEFAULT "2024-06-01 00:00:00")',
      'CREATE TABLE p_at6 (a TIMESTAMP) PARTITION BY RANGE (UNIX_TIMESTAMP(a)) (PARTITION p0 VALUES LESS THAN (UNIX_TIMESTAMP("2024-01-01 00:00:00")), PARTITION p1 VALUES LESS THAN MAXVALUE)',
    ],
  },
  {
    name: 'who gave a statement, by default',
    statements: [
      'CREATE TABLE p_cud (a TEXT DEFAULT CURRENT_USER(), b TEXT DEFAULT CURRENT_ROLE(), i INT)',
      'AS app SET ROLE boss;;INSERT INTO shop.p_cud (i) VALUES (1)',
    ],
  },
  {
    name: 'definers',
    statements: [
      'AS app CREATE DEFINER=CURRENT_USER PROCEDURE shop.p_def() SELECT 1',
      'AS app CREATE FUNCTION shop.p_deff() RETURNS INT RETURN 1',
      'AS app CREATE VIEW shop.p_defv AS SELECT 1',
      'AS app CREATE DEFINER=CURRENT_USER VIEW shop.p_defv2 AS SELECT 1',
      'AS app ALTER VIEW shop.p_defv AS SELECT 2',
      'AS app CREATE EVENT shop.p_defe ON SCHEDULE EVERY 1 DAY DO SELECT 1',
      'AS app CREATE TRIGGER shop.p_deft BEFORE INSERT ON shop.base FOR EACH ROW SET NEW.t = NEW.t',
    ],
  },
  {
    name: 'prepared statements',
    statements: [
      'CREATE TABLE p_ps (a DOUBLE, b DECIMAL(40,20), c TEXT, d DATETIME(6))',
      'PREPARE s FROM "INSERT INTO p_ps VALUES (?, ?, ?, ?)"',
      'SET @a = 1e0/3, @b = 1/3, @c = "é\\\\\'x", @d = "2024-01-02 03:04:05.678901"',
      'EXECUTE s USING @a, @b, @c, @d',
    ],
  },
  {
    name: 'encryption and random bytes',
    statements: [
      'CREATE TABLE p_enc (a TEXT, b VARBINARY(100), c VARBINARY(100), d BLOB)',
      "INSERT INTO p_enc(a) VALUES (ENCRYPT('abc'))",
      "INSERT INTO p_enc(b) VALUES (DES_ENCRYPT('abc', 'k'))",
      "INSERT INTO p_enc(c) VALUES (AES_ENCRYPT('abc', 'k'))",
      'INSERT INTO p_enc(d) VALUES (RANDOM_BYTES(8))',
      "INSERT INTO p_enc(d) VALUES (ENCODE('abc','x'))",
    ],
  },
  {
    name: 'sequences',
    statements: [
      'CREATE SEQUENCE p_seq START WITH 5 INCREMENT BY 3 CACHE 10',
      'CREATE TABLE p_seqt (a INT DEFAULT NEXTVAL(p_seq), b INT)',
      'INSERT INTO p_seqt (b) VALUES (1),(2)',
      'SELECT NEXTVAL(p_seq)',
      'INSERT INTO p_seqt VALUES (NEXTVAL(p_seq), LASTVAL(p_seq))',
      'SELECT SETVAL(p_seq, 100)',
      'DO NEXTVAL(p_seq)',
      'CREATE SEQUENCE p_seq2 ENGINE=MyISAM',
      'INSERT INTO p_seqt VALUES (NEXTVAL(p_seq2), 3)',
      'ALTER SEQUENCE p_seq RESTART 50',
      'INSERT INTO p_seqt VALUES (NEXTVAL(p_seq), 4)',
      'INSERT INTO p_seqt VALUES (LASTVAL(p_seq), 5)',
      'CREATE OR REPLACE SEQUENCE p_seq2 NOCACHE',
      'INSERT INTO p_seqt SELECT NEXTVAL(p_seq2), 1 FROM base',
      'CREATE SEQUENCE p_seq3',
      'SET auto_increment_increment=3, auto_increment_offset=2',
      'CREATE SEQUENCE p_seq4 INCREMENT BY 0',
      'INSERT INTO p_seqt VALUES (NEXTVAL(p_seq4), 6)',
      'INSERT INTO p_seqt VALUES (NEXTVAL(p_seq4), 7)',
    ],
  },
  {
    name: 'large table in memory',
    statements: [
      'CREATE TABLE p_heap (a CHAR(200)) ENGINE=MEMORY',
      'INSERT INTO p_heap SELECT seq FROM seq_1_to_2000',
    ],
  },
  {
    name: 'LOAD DATA',
    statements: [
      'CREATE TABLE p_load (a INT, b TEXT, c TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP)',
      "LOAD DATA INFILE '{file}' INTO TABLE p_load (a, @b) SET b = UPPER(@b)",
      'SET NAMES latin1',
      "LOAD DATA INFILE '{file}' INTO TABLE p_load CHARACTER SET latin1 (a, b)",
      "LOAD DATA INFILE '{file}' REPLACE INTO TABLE p_load (a, b)",
    ],
  },
  {
    name: 'values that do not fit',
    statements: [
      'CREATE TABLE p_div (i INT, n DOUBLE)',
      "SET sql_mode=''",
      'INSERT INTO p_div VALUES (1, 1/0)',
      "INSERT INTO p_div VALUES ('abc', 99999999999999)",
      "INSERT INTO p_div VALUES (1.5, '2x')",
    ],
  },
  {
    name: 'functions of time, session and locale',
    statements: [
      'CREATE TABLE p_misc (i INT AUTO_INCREMENT PRIMARY KEY, t TEXT, f DOUBLE)',
      'INSERT INTO p_misc (t, f) VALUES (UUID(), RAND()), (CONNECTION_ID(), RAND(5))',
      'INSERT INTO p_misc (t) VALUES (LAST_INSERT_ID()), (DATABASE()), (SCHEMA())',
      'INSERT INTO p_misc (t) SELECT DAYNAME(d) FROM base',
      "SET lc_time_names='de_DE'",
      "INSERT INTO p_misc (t) SELECT CONCAT(DAYNAME(d), DATE_FORMAT(d, '%M %W'), FORMAT(1234567.891, 2), WEEK(d), YEARWEEK(d)) FROM base",
      'INSERT INTO p_misc (t) VALUES (@@version_comment), (VERSION()), (NOW(6)), (UTC_TIMESTAMP(6)), (CURDATE()), (UNIX_TIMESTAMP()), (CURTIME(3)), (LOCALTIME)',
      'INSERT INTO p_misc (t) VALUES (FOUND_ROWS()), (ROW_COUNT())',
      'INSERT INTO p_misc (t) VALUES (CAST(1e0/3 AS CHAR)), (1e20), (0.1e0+0.2e0)',
      "INSERT INTO p_misc (t) VALUES (CHARSET('a')), (COLLATION('a')), (COERCIBILITY('a')), (CHARSET(CONVERT(1 USING utf8mb4))), (COLLATION(USER())), (COLLATION(CAST(1 AS CHAR)))",
      'SET sql_auto_is_null=1',
      "INSERT INTO p_misc (t) VALUES ('x')",
      'INSERT INTO p_misc (t) SELECT i FROM p_misc WHERE i IS NULL',
    ],
  },
  {
    name: 'system versioning',
    statements: [
      'CREATE TABLE p_ver (i INT) WITH SYSTEM VERSIONING',
      'INSERT INTO p_ver VALUES (1)',
      'SET @m = NOW(6)',
      'DO SLEEP(0.1)',
      'UPDATE p_ver SET i = 2',
      'SET system_versioning_asof = @m',
      'CREATE TABLE p_ver2 (i INT)',
      'INSERT INTO p_ver2 SELECT * FROM p_ver',
      'SET system_versioning_asof = DEFAULT',
      'DELETE FROM p_ver',
      'SET system_versioning_alter_history=KEEP',
      'ALTER TABLE p_ver ADD j INT',
      'DELETE HISTORY FROM p_ver BEFORE SYSTEM_TIME @m',
      'ALTER TABLE p_ver PARTITION BY SYSTEM_TIME INTERVAL 1 DAY PARTITIONS 3',
    ],
  },
  {
    name: 'system versioning by days',
    statements: [
      "SET time_zone='+05:00'",
      'CREATE TABLE p_vp (i INT) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME INTERVAL 1 DAY AUTO PARTITIONS 4',
      'INSERT INTO p_vp VALUES (1)',
      'UPDATE p_vp SET i = 5',
      'CREATE TABLE p_vp2 (i INT) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME INTERVAL 1 DAY PARTITIONS 4',
    ],
  },
  {
    name: 'mode ORACLE',
    statements: [
      "SET sql_mode='ORACLE'",
      'CREATE PROCEDURE p_ora(a VARCHAR2(20)) AS x INT := 1; BEGIN INSERT INTO p_orat VALUES (a || x); END',
      'CREATE TABLE p_orat (t VARCHAR2(20))',
      "CALL p_ora('z')",
      "INSERT INTO p_orat VALUES ('' || 'x')",
      'CREATE OR REPLACE PACKAGE p_pkg AS FUNCTION f RETURN INT; END',
      'CREATE OR REPLACE PACKAGE BODY p_pkg AS FUNCTION f RETURN INT AS BEGIN RETURN 1; END; END',
    ],
  },
  {
    name: 'SET STATEMENT',
    statements: [
      'SET STATEMENT sql_mode="" FOR INSERT INTO base (t) VALUES (REPEAT("a", 300))',
      'SET STATEMENT group_concat_max_len=5 FOR INSERT INTO base (t) SELECT GROUP_CONCAT(t) FROM base b',
    ],
  },
  { name: 'sequence restarted', statements: ['ALTER SEQUENCE sq RESTART 77'] },
  { name: 'sequence counted', statements: ['SELECT NEXTVAL(sq)'] },
  {
    name: 'sequence at another time',
    statements: [
      'SET timestamp = 1727970732.382137',
      'ALTER SEQUENCE sq RESTART 77',
      'SELECT NEXTVAL(sq)',
    ],
  },
  {
    name: 'sequence with row image MINIMAL',
    statements: [
      "SET binlog_row_image='MINIMAL'",
      'ALTER SEQUENCE sq RESTART 77',
      'SELECT NEXTVAL(sq)',
    ],
  },
  {
    name: 'sequence made, MINIMAL',
    statements: [
      'CREATE SEQUENCE p_sqm1 START WITH 3 INCREMENT BY 2',
      "SET binlog_row_image='MINIMAL'",
      'SELECT NEXTVAL(p_sqm1)',
      'ALTER SEQUENCE p_sqm1 RESTART 77',
      'SELECT NEXTVAL(p_sqm1)',
      'CREATE TABLE p_sqmt AS SELECT NEXTVAL(p_sqm1)',
    ],
  },
  {
    name: 'sequence made, MINIMAL, ROW',
    statements: [
      'CREATE SEQUENCE p_sqm2 START WITH 3 INCREMENT BY 2',
      "SET binlog_row_image='MINIMAL', binlog_format='ROW'",
      'SELECT NEXTVAL(p_sqm2)',
    ],
  },
  {
    name: 'sequence as default, MINIMAL',
    statements: [
      'CREATE SEQUENCE p_sqm3 START WITH 3 INCREMENT BY 2',
      "SET binlog_row_image='MINIMAL'",
      'CREATE TABLE p_sqm3t (i INT DEFAULT NEXTVAL(p_sqm3), j INT)',
      'INSERT INTO p_sqm3t (j) VALUES (1)',
      'INSERT INTO p_sqm3t VALUES (NEXTVAL(p_sqm3), UUID_SHORT() % 10)',
    ],
  },
  {
    name: 'accounts that change themselves',
    statements: [
      'AS app GRANT SELECT ON shop.base TO CURRENT_USER()',
      'AS app GRANT EXECUTE ON shop.* TO CURRENT_USER',
      'AS app ALTER USER CURRENT_USER() WITH MAX_USER_CONNECTIONS 7',
      'AS app SET DEFAULT ROLE boss',
      'AS app SET ROLE boss;;GRANT SELECT ON shop.base TO CURRENT_ROLE',
      "AS app SET PASSWORD = PASSWORD('app')",
      'CREATE USER app2@localhost',
      'GRANT CREATE USER, SELECT ON *.* TO app2@localhost',
      'AS app2 DROP USER CURRENT_USER()',
    ],
  },
]
