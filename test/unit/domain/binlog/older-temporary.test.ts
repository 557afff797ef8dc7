import { expect, test } from 'vitest'
import { EVENT, FLAGS_AT, HEADER_BYTES } from '#domain/binlog/event'
import { OlderTemporaryTables } from '#domain/binlog/older-temporary'

const WITHOUT = { serverVersion: '', hasChecksums: false }

/** A statement that is marked as of its session. */
function marked(session: number, statement: string): Buffer {
  const lengths = Buffer.alloc(14)
  lengths.writeUInt32LE(session)
  const event = Buffer.concat([Buffer.alloc(HEADER_BYTES), lengths, Buffer.from(statement)])
  event.writeUInt8(EVENT.query, 4)
  event.writeUInt32LE(event.length, 9)
  event.writeUInt16LE(0x04, FLAGS_AT)
  return event
}

test.each([
  [['INSERT INTO s SELECT * FROM t'], true],
  [['CREATE TEMPORARY TABLE t (i INT)', 'INSERT INTO s SELECT * FROM t'], false],
  [['/* a */ DROP TEMPORARY TABLE t'], false],
  [['INSERT INTO s VALUES (CONNECTION_ID())'], false],
  // Behind it its checksum, which may be letters.
  [['BEGINabcd', 'COMMITabcd'], false],
  [['SAVEPOINT `a`', 'ROLLBACK TO `a`', "XA START X'61',X'',1"], false],
  [['CREATE OR REPLACE SEQUENCE n'], false],
  [['CREATE OR REPLACE TABLE n SELECT * FROM t'], true],
  [['CREATE OR REPLACE TABLE n LIKE t'], true],
  [['CREATE OR REPLACE TABLE `n` (\n  `i` int(11) NOT NULL\n)'], false],
])('%j uses a table of before: %s', (statements, found) => {
  const temporary = new OlderTemporaryTables()
  for (const statement of statements) temporary.look(marked(7, statement), WITHOUT)
  temporary.look(marked(8, 'COMMIT'), WITHOUT)
  expect(temporary.found).toBe(found)
})

test('the number of a session as a default, and in programs', () => {
  const found = (...statements: string[]): boolean => {
    const temporary = new OlderTemporaryTables()
    for (const statement of statements) temporary.look(marked(7, statement), WITHOUT)
    const definitions = [{ name: 'of', text: 'connection_id()' }]
    return temporary.isFoundBeside([...definitions, { name: 'f', text: 'RETURN CONNECTION_ID()' }])
  }
  expect(found('INSERT INTO `OF` (i) VALUES (1)')).toBe(false)
  expect(found('UPDATE s SET n = shop.f(1)')).toBe(false)
  expect(found('INSERT INTO s SELECT * FROM t')).toBe(true)
  expect(found('INSERT INTO `of` (i) VALUES (1)', 'INSERT INTO s SELECT * FROM t')).toBe(true)
  expect(found('CREATE TABLE shop.more LIKE shop.of', 'INSERT INTO more (i) VALUES (1)')).toBe(
    false,
  )
  expect(
    found(
      'CREATE TABLE `a``b` (i INT, n INT DEFAULT connection_id())',
      'INSERT INTO `a``b` () VALUES ()',
    ),
  ).toBe(false)
  expect(
    found(
      'CREATE TRIGGER g BEFORE INSERT ON shop.t FOR EACH ROW SET NEW.n = CONNECTION_ID()',
      'INSERT INTO t () VALUES ()',
    ),
  ).toBe(false)
})
