import type { Probe } from './probe.ts'

/** Groups for MySQL. */
export const PROBES_OF_MYSQL: readonly Probe[] = [
  {
    name: 'hidden primary keys',
    statements: [
      'CREATE TABLE p_gipk (a INT)',
      'CREATE TABLE p_gipk2 AS SELECT t FROM base',
      'SET sql_generate_invisible_primary_key=OFF',
      'CREATE TABLE p_nogipk (a INT)',
      'INSERT INTO p_nogipk VALUES (1)',
    ],
  },
  {
    name: 'window functions',
    statements: [
      'CREATE TABLE p_win (i INT, s DOUBLE)',
      'INSERT INTO p_win SELECT id, SUM(f) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM base',
      'CREATE TABLE p_win2 AS SELECT id, AVG(f) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) x FROM base',
    ],
  },
  {
    name: 'partial revokes',
    statements: [
      'CREATE USER pr@localhost',
      'GRANT SELECT, INSERT ON *.* TO pr@localhost',
      'REVOKE INSERT ON shop.* FROM pr@localhost',
      'CREATE USER pr2@localhost',
      'GRANT SELECT ON `a_b`.* TO pr2@localhost',
      'REVOKE ALL ON `a%`.* FROM victim@localhost',
    ],
  },
  {
    name: 'shapes of many points',
    statements: [
      'CREATE TABLE p_geo (i INT PRIMARY KEY, g GEOMETRY)',
      "INSERT INTO p_geo VALUES (1, ST_Buffer(ST_GeomFromText('POINT(0 0)'), 1, ST_Buffer_Strategy('point_circle', 100)))",
    ],
  },
  {
    name: 'LOAD DATA as a statement',
    statements: [
      'CREATE TABLE p_lds (i INT AUTO_INCREMENT PRIMARY KEY, a INT, b TEXT)',
      "SET binlog_format = 'STATEMENT', @r = 1e0/3, insert_id = 30",
      "LOAD DATA INFILE '{file}' INTO TABLE p_lds (a, b)",
      "LOAD DATA INFILE '{file}' INTO TABLE p_lds (a, @b) SET b = @r",
      'INSERT INTO p_lds (a) VALUES (LAST_INSERT_ID())',
      "LOAD DATA INFILE '{file}' INTO TABLE p_lds (a, @b) SET b = RAND()",
    ],
  },
  {
    name: 'numbers for rows behind a LOAD DATA as a statement',
    isTold: true,
    statements: [
      'CREATE TABLE p_ldn (i INT AUTO_INCREMENT PRIMARY KEY, a INT, b TEXT)',
      "SET binlog_format = 'STATEMENT', insert_id = 30, sql_generate_invisible_primary_key = OFF",
      'CREATE TABLE p_lds2 (a INT)',
      'INSERT INTO p_lds2 VALUES (5), (3), (9)',
      "LOAD DATA INFILE '{file}' INTO TABLE p_ldn (a, b)",
      'ALTER TABLE p_lds2 ADD i INT AUTO_INCREMENT PRIMARY KEY',
    ],
  },
  {
    name: 'partial updates of JSON',
    statements: [
      "UPDATE base SET j = JSON_SET(j, '$.a', 22) WHERE id = 1",
      "SET binlog_format='ROW', binlog_row_image='MINIMAL'",
      "UPDATE base SET j = JSON_SET(j, '$.b[1]', 'xx') WHERE id = 1",
      "UPDATE base SET j = JSON_REMOVE(j, '$.b[0]') WHERE id = 1",
    ],
  },
  {
    name: 'functional key',
    statements: [
      "SET binlog_format='ROW'",
      'CREATE TABLE p_gx1 (id INT PRIMARY KEY, d DATE, KEY ((WEEK(d))))',
      "INSERT INTO p_gx1 VALUES (1,'2024-12-31')",
    ],
  },
  {
    name: 'generated column of a week',
    statements: [
      "SET binlog_format='ROW'",
      'CREATE TABLE p_gx2 (id INT PRIMARY KEY, d DATE, w INT AS (WEEK(d)) STORED)',
      "INSERT INTO p_gx2 (id, d) VALUES (1,'2024-12-31')",
    ],
  },
  {
    name: 'random defaults',
    statements: [
      "SET binlog_format='ROW'",
      'CREATE TABLE p_gx3 (id INT PRIMARY KEY, e VARCHAR(20) DEFAULT (CONCAT(UUID_SHORT())), f INT DEFAULT (FLOOR(RAND()*1000000)))',
      'INSERT INTO p_gx3 (id) VALUES (1)',
    ],
  },
  {
    name: 'generated column of a locale',
    statements: [
      "SET binlog_format='ROW'",
      'CREATE TABLE p_gx4 (d DATE, dn VARCHAR(30) AS (DAYNAME(d)) STORED)',
      "INSERT INTO p_gx4 (d) VALUES ('2024-12-31')",
    ],
  },
  {
    name: 'generated column of a division',
    statements: [
      "SET binlog_format='ROW'",
      'CREATE TABLE p_gx5 (a INT, b INT, q DECIMAL(20,10) AS (a/b) STORED)',
      'INSERT INTO p_gx5 (a,b) VALUES (1,3)',
    ],
  },
  {
    name: 'functional key and generated column',
    statements: [
      "SET binlog_format='ROW'",
      'CREATE TABLE p_hy2 (id INT PRIMARY KEY, d DATE, w INT AS (WEEK(d)) STORED, KEY ((WEEK(d))))',
      "INSERT INTO p_hy2 (id, d) VALUES (1,'2024-12-31')",
    ],
  },
  {
    name: 'functional key and random default',
    statements: [
      "SET binlog_format='ROW'",
      'CREATE TABLE p_hy3 (id INT PRIMARY KEY, d DATE, f INT DEFAULT (FLOOR(RAND()*1000000)), KEY ((WEEK(d))))',
      "INSERT INTO p_hy3 (id, d) VALUES (1,'2024-12-31')",
    ],
  },
  {
    name: 'generated column and random default, ROW',
    statements: [
      "SET binlog_format='ROW'",
      'CREATE TABLE p_hy4 (id INT PRIMARY KEY, a INT, w INT AS (a+1) STORED, f INT DEFAULT (FLOOR(RAND()*1000000)))',
      'INSERT INTO p_hy4 (id, a) VALUES (1,5)',
    ],
  },
  {
    name: 'generated column and default of it',
    statements: [
      "SET binlog_format='ROW'",
      'CREATE TABLE p_hy5 (id INT PRIMARY KEY, a INT, w INT AS (a+1) STORED, e INT DEFAULT (a+1))',
      'INSERT INTO p_hy5 (id, a) VALUES (1,5)',
    ],
  },
  {
    name: 'generated column and random default',
    statements: [
      'CREATE TABLE p_hy6 (id INT PRIMARY KEY, a INT, w INT AS (a+1) STORED, f INT DEFAULT (FLOOR(RAND()*1000000)))',
      'INSERT INTO p_hy6 (id, a) VALUES (1,5)',
    ],
  },
  {
    name: 'reference systems and tablespaces',
    statements: [
      'CREATE SPATIAL REFERENCE SYSTEM 990001 NAME \'x\' DEFINITION \'GEOGCS["x",DATUM["x",SPHEROID["x",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.017453292519943278],AXIS["Lat",NORTH],AXIS["Lon",EAST]]\'',
      "CREATE TABLESPACE tsp1 ADD DATAFILE 'tsp1.ibd'",
      'CREATE TABLE p_tsp (i INT PRIMARY KEY) TABLESPACE tsp1',
    ],
  },
  {
    name: 'passwords and attributes of accounts',
    statements: [
      "CREATE USER au1@localhost IDENTIFIED BY 'x'",
      'CREATE USER au2@localhost IDENTIFIED BY RANDOM PASSWORD',
      'ALTER USER au1@localhost PASSWORD HISTORY 3 PASSWORD REUSE INTERVAL 5 DAY FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME 2',
      "CREATE USER au3@localhost IDENTIFIED WITH sha256_password BY 'x'",
      'RENAME USER au3@localhost TO au4@localhost',
      "SET PASSWORD FOR au4@localhost = 'y'",
    ],
  },
  {
    name: 'accounts that change themselves, and get a password',
    statements: [
      'AS app ALTER USER CURRENT_USER() DEFAULT ROLE boss',
      'AS app CREATE ROLE helper',
      "AS app SET PASSWORD = 'app'",
      "AS app:app ALTER USER USER() IDENTIFIED BY 'app' RETAIN CURRENT PASSWORD",
      'CREATE USER app3@localhost',
      'GRANT CREATE USER, ROLE_ADMIN, SELECT ON *.* TO app3@localhost WITH GRANT OPTION',
      'AS app3 REVOKE SELECT ON *.* FROM CURRENT_USER()',
      'AS app3 GRANT boss TO CURRENT_USER()',
      'AS app3 RENAME USER CURRENT_USER() TO app4@localhost',
    ],
  },
]
