import { PassThrough } from 'node:stream'
import { finished } from 'node:stream/promises'
import { expect, test } from 'vitest'
import { mariadbBinlogDialect } from '#engine/mariadb/binlog-dialect'
import { watchStatements } from '#engine/shared/binlog/watch-statements'

/** How often it is found, in what the tool prints around it, in chunks of 7 bytes. */
async function found(statement: string): Promise<number> {
  const text = `# at 4\n#700101 Query\nSET TIMESTAMP=1/*!*/;\n${statement}\n/*!*/;\n# it's done\nCOMMIT/*!*/;\n`
  let times = 0
  const output = new PassThrough()
  if (mariadbBinlogDialect.elsewhere) {
    watchStatements(output, mariadbBinlogDialect.elsewhere, () => {
      times += 1
    })
  }
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
