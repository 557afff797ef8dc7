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
    name: 'prepared statements',
    statements: [
      'CREATE TABLE p_ps (a DOUBLE, b DECIMAL(40,20), c TEXT, d DATETIME(6))',
      'PREPARE s FROM "INSERT INTO p_ps VALUES (?, ?, ?, ?)"',
      'SET @a = 1e0/3, @b = 1/3, @c = "é\\\\\'x", @d = "2024-01-02 03:04:05.678901"',
      'EXECUTE s USING @a, @b, @c, @d',
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
    name: 'accounts that change themselves, and get a password',
    statements: [
      'AS app SET DEFAULT ROLE boss',
      'AS app SET ROLE boss;;GRANT SELECT ON shop.base TO CURRENT_ROLE',
      "AS app SET PASSWORD = PASSWORD('app')",
    ],
  },
]
