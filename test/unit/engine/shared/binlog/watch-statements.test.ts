import { PassThrough } from 'node:stream'
import { finished } from 'node:stream/promises'
import { expect, test } from 'vitest'
import { mariadbBinlogDialect } from '#engine/mariadb/binlog-dialect'
import {
  ASKS,
  asksSearch,
  asksSystemZone,
  type IsWanted,
  putsElsewhere,
  watchStatements,
} from '#engine/shared/binlog/watch-statements'

const elsewhere: IsWanted = putsElsewhere(mariadbBinlogDialect.elsewhere ?? /$^/)

/** How often it is found, in what the tool prints around it, in chunks of 7 bytes. */
async function found(statement: string, isWanted = elsewhere): Promise<number> {
  const text = `# at 4\n#700101 Query\nSET TIMESTAMP=1/*!*/;\n${statement}\n/*!*/;\n# it's done\nCOMMIT/*!*/;\n`
  let times = 0
  const output = new PassThrough()
  const found = (): void => {
    times += 1
  }
  watchStatements(output, [{ isWanted, found }])
  const bytes = Buffer.from(text.repeat(2))
  for (let at = 0; at < bytes.length; at += 7) output.write(bytes.subarray(at, at + 7))
  output.end()
  await finished(output.resume())
  return times
}

test.each([
  "CREATE TABLE `t` (\n  `i` int\n) ENGINE=MyISAM DATA DIRECTORY='/a/'",
  "/* don't */ create or replace table t (i INT) INDEX/**/DIRECTORY '/a'",
  "CREATE TABLE t (i INT COMMENT 'it''s') /*!50100 PARTITION BY HASH (i) (PARTITION p DATA\nDIRECTORY = '/a') */",
  "SET STATEMENT max_statement_time = 9 FOR ALTER ONLINE TABLE`t` ADD PARTITION (PARTITION p DATA DIRECTORY = '/a')",
])('puts a table elsewhere: %s', async statement => {
  expect(await found(statement)).toBe(1)
})

const TABLE = "CREATE TABLE t (i INT) DATA DIRECTORY = '/a'"
test.each([
  `#Q> ${TABLE}`,
  `INSERT INTO t VALUES ("${TABLE}")`,
  `INSERT INTO t VALUES ('\\'\n${TABLE.replaceAll("'", "''")}')`,
  `CREATE TABLE t (i INT COMMENT "${TABLE}") /* DATA DIRECTORY = '/a' */ -- DATA DIRECTORY = '/a'`,
  `CREATE PROCEDURE p() ${TABLE}`,
  `CREATE TEMPORARY${TABLE.slice(6)}`,
  'CREATE TABLE t (directory INT, INDEX directory (directory))',
  'ALTER TABLE t DROP INDEX directory',
  'CREATE TABLE t (`DATA DIRECTORY =` INT)',
])('puts none elsewhere: %s', async statement => {
  expect(await found(statement)).toBe(0)
})

const SYSTEM = "SET @@session.time_zone='SYSTEM'/*!*/;\n"
test.each([
  `${SYSTEM}INSERT INTO t VALUES (NOW())`,
  `${SYSTEM}BEGIN\n/*!*/;\n# at 9\nSET TIMESTAMP=2/*!*/;\n/* app */ update t SET d = NOW()`,
  `${SYSTEM}ALTER TABLE t ADD COLUMN e DATETIME DEFAULT CURRENT_TIMESTAMP`,
  `${SYSTEM}CREATE DEFINER=\`a\`@\`b\` EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01' DO SELECT 1`,
])('depends on the zone of the system: %s', async statement => {
  expect(await found(statement, asksSystemZone())).toBe(1)
})

test.each([
  'INSERT INTO t VALUES (NOW())',
  "SET @@session.time_zone='+02:00'/*!*/;\nINSERT INTO t VALUES (NOW())",
  `${SYSTEM}SET @@session.time_zone='+00:00'/*!*/;\nINSERT INTO t VALUES (NOW())`,
  `${SYSTEM}BEGIN\n/*!*/;\n# at 9\n\nBINLOG '\nCigAAA=='`,
  `${SYSTEM}CREATE TABLE t (i INT)`,
  `${SYSTEM}DROP TABLE t`,
  `INSERT INTO t VALUES ("\n${SYSTEM.replace('/*!*/;', '')}")`,
])('does not: %s', async statement => {
  expect(await found(statement, asksSystemZone())).toBe(0)
})

test.each([
  ['INSERT INTO t VALUES (CURRENT_ROLE())', 1],
  ["update t SET a = 'x', b = current_role ( )", 1],
  ["INSERT INTO t VALUES ('CURRENT_ROLE()')", 0],
  ['GRANT SELECT ON a.b TO `CURRENT_ROLE`', 0],
  ['CREATE VIEW v AS SELECT CURRENT_ROLE()', 0],
])('asks which roles there are: %s', async (statement, times) => {
  expect(await found(statement, ASKS.roles)).toBe(times)
})

test.each([
  ['INSERT INTO t VALUES (UUID())', 1],
  ["UPDATE `t` SET a = 'x', b = uuid_short ( )", 1],
  ["INSERT INTO t SELECT LOAD_FILE('/a')", 1],
  ['INSERT INTO t VALUES (CURRENT_USER)', 1],
  ['ALTER TABLE t ADD COLUMN c CHAR(36) NOT NULL DEFAULT UUID()', 1],
  ['ALTER TABLE t ADD d DECIMAL(9,2) DEFAULT (ROUND(RAND(), 2)), ADD e INT', 1],
  ['ALTER TABLE t ADD g VARCHAR(80) DEFAULT (@@datadir)', 1],
  ['ALTER TABLE t ADD n INT DEFAULT (next value for sq)', 1],
  ["ALTER TABLE t ADD g VARCHAR(80) DEFAULT 'a@b'", 0],
  ['INSERT INTO t VALUES (NEXTVAL(sq))', 0],
  // Its seeds are in the log.
  ['INSERT INTO t VALUES (RAND())', 0],
  ["INSERT INTO user (name) VALUES ('UUID()')", 0],
  ['INSERT INTO user () VALUES ()', 0],
  ['INSERT INTO shop.user () VALUES ()', 0],
  ['CREATE TABLE t (i CHAR(36) DEFAULT UUID())', 0],
  ['CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.i = UUID()', 0],
  ['ALTER TABLE t ALTER COLUMN c SET DEFAULT UUID()', 0],
  ["ALTER TABLE t ADD c INT COMMENT 'DEFAULT UUID()'", 0],
])('writes what is made anew: %s', async (statement, times) => {
  expect(await found(statement, ASKS.anew)).toBe(times)
})

test.each([
  ['INSERT INTO t VALUES (SYSDATE(6))', 1],
  ['ALTER TABLE t ADD COLUMN c DATETIME DEFAULT sysdate()', 1],
  ['INSERT INTO t (sysdate) VALUES (1)', 0],
  ["BINLOG '\nSYSDATE()\n'", 0],
])('asks for SYSDATE(): %s', async (statement, times) => {
  expect(await found(statement, ASKS.sysdate)).toBe(times)
})

const SEARCH = "SELECT i FROM f WHERE MATCH (s) AGAINST ('a' IN BOOLEAN MODE)"
test.each([
  [`UPDATE t SET i = 1 WHERE i IN (${SEARCH})`, false, 1],
  [`CREATE VIEW v AS ${SEARCH}\n/*!*/;\nINSERT INTO t SELECT i FROM v`, false, 1],
  ['INSERT INTO t SELECT i FROM v', true, 1],
  ['INSERT INTO t SELECT i FROM v', false, 0],
  [`INSERT INTO t VALUES ("${SEARCH}")`, false, 0],
  [`CREATE TABLE t (i INT COMMENT "${SEARCH}")\n/*!*/;\nINSERT INTO t VALUES (1)`, false, 0],
])('depends on a search: %s', async (statement, searches, times) => {
  expect(await found(statement, asksSearch(searches))).toBe(times)
})

test.each([
  ['ALTER TABLE shop.old ADD id INT AUTO_INCREMENT PRIMARY KEY FIRST', 1],
  ['alter table `Old` add column (id int not null auto_increment key)', 1],
  ["ALTER TABLE old ADD c VARCHAR(9) DEFAULT 'a,b', ADD id INT AUTO_INCREMENT UNIQUE", 1],
  ['ALTER TABLE old ADD (a INT, id INT AUTO_INCREMENT KEY)', 1],
  ['ALTER TABLE old ADD COLUMN(`a` DECIMAL(9,2),`b,` INT CHECK (a IN (1,2)),`id` SERIAL)', 1],
  ['ALTER TABLE old ADD COLUMN a INT, ADD COLUMN id INT AUTO_INCREMENT KEY', 1],
  ['ALTER TABLE old ADD id DOUBLE(10,0) AUTO_INCREMENT KEY', 1],
  ["ALTER TABLE old ADD id INT /* a, b */ COMMENT 'a, b' AUTO_INCREMENT -- , x\n KEY", 1],
  ['ALTER TABLE old ADD id INT /*!50000 AUTO_INCREMENT */ KEY', 1],
  ['ALTER TABLE old ADD COLUMN IF NOT EXISTS id SERIAL FIRST', 1],
  ['ALTER TABLE old ADD id INT SERIAL DEFAULT VALUE', 1],
  ['ALTER TABLE old MODIFY id INT NOT NULL AUTO_INCREMENT KEY', 1],
  ['ALTER TABLE old MODIFY id SERIAL', 1],
  ['ALTER TABLE old MODIFY id INT SERIAL DEFAULT VALUE', 1],
  ['ALTER TABLE old CHANGE COLUMN IF EXISTS a id SERIAL', 1],
  ['ALTER TABLE old CHANGE a id INT AUTO_INCREMENT, ADD CONSTRAINT c PRIMARY KEY (id)', 1],
  ['ALTER TABLE old ADD INDEX (id), MODIFY id INT AUTO_INCREMENT', 1],
  ['SET STATEMENT sql_mode = "" FOR ALTER TABLE old MODIFY id INT AUTO_INCREMENT UNIQUE', 1],
  ['ALTER IGNORE TABLE old ADD UNIQUE (a)', 1],
  ['ALTER ONLINE IGNORE TABLE old MODIFY a INT UNIQUE', 1],
  ['ALTER TABLE old MODIFY id BIGINT AUTO_INCREMENT, AUTO_INCREMENT=7', 0],
  ['ALTER TABLE old MODIFY id BIGINT AUTO_INCREMENT, DROP PRIMARY KEY', 0],
  ['ALTER TABLE old MODIFY id BIGINT AUTO_INCREMENT, ADD FOREIGN KEY (a) REFERENCES p (a)', 0],
  ['ALTER TABLE old MODIFY id INT PRIMARY KEY, AUTO_INCREMENT=7', 0],
  [
    'ALTER TABLE old ADD COLUMN serial VARCHAR(9), ADD (serial2 INT, a INT), ADD b INT AFTER serial',
    0,
  ],
  ['ALTER TABLE old CHANGE serial serial VARCHAR(9), ADD KEY (serial)', 0],
  ['ALTER TABLE old ADD i INT, AUTO_INCREMENT = 5', 0],
  ['ALTER TABLE old AUTO_INCREMENT=5', 0],
  ['ALTER TABLE old ADD i INT, MODIFY id BIGINT AUTO_INCREMENT', 0],
  ["ALTER TABLE old ADD i INT COMMENT 'AUTO_INCREMENT'", 0],
  ['ALTER TABLE old ADD UNIQUE (a)', 0],
  ['CREATE TABLE old (id INT AUTO_INCREMENT PRIMARY KEY)', 0],
])('depends on how rows lie: %s', async (statement, times) => {
  expect(await found(statement, ASKS.order)).toBe(times)
})
