import { expect, test } from 'vitest'
import { EVENT, FLAGS_AT, HEADER_BYTES } from '#domain/binlog/event'
import { OlderTemporaryTables } from '#domain/binlog/older-temporary'

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
  for (const statement of statements) temporary.look(marked(7, statement))
  temporary.look(marked(8, 'COMMIT'))
  expect(temporary.found).toBe(found)
})
