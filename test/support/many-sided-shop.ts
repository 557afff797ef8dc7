import type { EngineFamily } from '#domain/engine-family'
import type { Session } from '#engine/session'

/**
 * A server with what a restore can get wrong: odd names, every kind of value that text cannot
 * show, tables with and without keys and rows, programs with comments and delimiters in them,
 * accounts and roles.
 */
export async function makeManySidedShop(session: Session, family: EngineFamily): Promise<void> {
  await session.run("SET SESSION sql_mode = '', time_zone = '+00:00', foreign_key_checks = 0")
  for (const statement of [...SHARED, ...(family === 'mysql' ? MYSQL : MARIADB)]) {
    await session.run(statement)
  }
}

const SHARED = [
  'CREATE DATABASE `shop` CHARACTER SET utf8mb4',
  'CREATE DATABASE `od``d "\\\\ name` CHARACTER SET latin1',
  'USE `shop`',
  `CREATE TABLE a_parent (id BIGINT PRIMARY KEY AUTO_INCREMENT, child_id BIGINT,
     CONSTRAINT to_child FOREIGN KEY (child_id) REFERENCES z_child (id)) AUTO_INCREMENT = 77`,
  `CREATE TABLE z_child (id BIGINT PRIMARY KEY, parent_id BIGINT,
     CONSTRAINT to_parent FOREIGN KEY (parent_id) REFERENCES a_parent (id))`,
  'INSERT INTO a_parent VALUES (1, 1), (2, NULL)',
  'INSERT INTO z_child VALUES (1, 2), (2, 1)',
  `CREATE TABLE many_values (
     id INT NOT NULL PRIMARY KEY,
     f FLOAT, d DOUBLE, n DECIMAL(30, 10), b BIT(17), e ENUM('', 'one'), s SET('', 'x', 'y'),
     ts TIMESTAMP(6) NULL, dt DATETIME(6), zero DATE, t TIME(3), y YEAR,
     bin VARBINARY(300), txt TEXT CHARACTER SET utf8mb4, latin VARCHAR(50) CHARACTER SET latin1,
     g GEOMETRY, j JSON, blobs LONGBLOB,
     made VARCHAR(20) GENERATED ALWAYS AS (CONCAT('<', id, '>')) STORED,
     changed TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)`,
  `INSERT INTO many_values (id, f, d, n, b, e, s, ts, dt, zero, t, y, bin, txt, latin, g, j, blobs, changed)
     VALUES (1, 123456.789, 1e-300, 12345678901234567890.0123456789, b'10000000000000001', '', 'x,y',
       '2014-03-30 01:30:00.123456', '2014-03-30 02:30:00.000001', '0000-00-00', '-838:59:58.999', 1999,
       UNHEX(REPEAT('000A0D09225C271A', 30)), CONCAT('tab\\tline\\nback\\\\slash ', UNHEX('F09F90BB'), ' \\\\N'),
       'bär', ST_GeomFromText('POINT(1 2)'), '{"a": [1, "\\\\n", null], "big": 12345678901234567890}',
       REPEAT(UNHEX('00FF5C0A'), 300000), '2001-02-03 04:05:06'),
     (-5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2001-02-03 04:05:06'),
     (0, -0.1, 0, 0, 0, 'not a member', '', '1970-01-01 00:00:01', '1000-01-01', '2000-02-00', 0, 0, '', '', '', ST_GeomFromText('LINESTRING(0 0, 1 1)'), '[]', '', '2001-02-03 04:05:06')`,
  'CREATE TABLE no_rows (id INT PRIMARY KEY)',
  'CREATE TABLE no_key (word VARCHAR(20), n INT)',
  "INSERT INTO no_key VALUES ('twice', 1), ('twice', 1), (NULL, 2)",
  "CREATE TABLE `odd\ttable\nof \\\\ ``quotes``` (`a\tb` INT PRIMARY KEY, `c\nd 'e'` VARCHAR(9), `@v` FLOAT)",
  "INSERT INTO `odd\ttable\nof \\\\ ``quotes``` VALUES (1, 'x', 0.1), (2, NULL, NULL)",
  `CREATE TABLE guarded (id INT PRIMARY KEY, n INT, CONSTRAINT positive CHECK (n > 0))`,
  'INSERT INTO guarded VALUES (1, 1)',
  'CREATE FUNCTION doubled(n INT) RETURNS INT DETERMINISTIC RETURN n * 2 /* ; ;; $$ // */',
  `CREATE PROCEDURE greet(IN who VARCHAR(50))
BEGIN
  -- a comment; with a semicolon
  SELECT CONCAT('grüß dich; ', who, ';;') AS greeting; # another
END`,
  'CREATE VIEW b_view AS SELECT id, doubled(n) AS twice FROM guarded',
  'CREATE VIEW a_view AS SELECT COUNT(*) AS n FROM b_view',
  'CREATE TRIGGER count_up BEFORE UPDATE ON guarded FOR EACH ROW SET NEW.n = NEW.n + 1',
  "CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' ENABLE DO DELETE FROM no_rows",
  "CREATE USER 'anna'@'10.0.0.%' IDENTIFIED BY 'Correct-Horse-7'",
  "CREATE USER 'o''dd'@'localhost' IDENTIFIED BY 'Correct-Horse-8'",
  "CREATE ROLE 'reader'",
  "GRANT SELECT ON shop.a_view TO 'reader'",
  "GRANT EXECUTE ON PROCEDURE shop.greet TO 'anna'@'10.0.0.%' WITH GRANT OPTION",
  "GRANT 'reader' TO 'anna'@'10.0.0.%'",
]

const MYSQL = [
  "SET DEFAULT ROLE 'reader' TO 'anna'@'10.0.0.%'",
  'CREATE TABLE hidden (id INT PRIMARY KEY, secret INT INVISIBLE DEFAULT 3)',
  'INSERT INTO hidden (id, secret) VALUES (1, 9)',
  // NOT ENFORCED, then broken: an enforced CHECK could not hold such a row.
  'CREATE TABLE unchecked (id INT PRIMARY KEY, CONSTRAINT loose CHECK (id > 5) NOT ENFORCED)',
  'INSERT INTO unchecked VALUES (1)',
]

const MARIADB = [
  "SET DEFAULT ROLE 'reader' FOR 'anna'@'10.0.0.%'",
  'CREATE SEQUENCE numbers START WITH 100 INCREMENT BY 10',
  'DO NEXTVAL(numbers)',
  'CREATE TABLE counted (id INT PRIMARY KEY, n BIGINT DEFAULT NEXTVAL(numbers), hidden INT INVISIBLE DEFAULT 3)',
  'INSERT INTO counted (id, hidden) VALUES (1, 9)',
  'SET SESSION check_constraint_checks = 0',
  'INSERT INTO guarded VALUES (2, -1)',
]
