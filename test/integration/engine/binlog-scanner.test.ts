import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { engineFor } from '#cli/wire'
import { readHeader } from '#domain/binlog/event'
import { parseHistory } from '#domain/binlog/gtid-history'
import { BinlogScanner, type Transaction } from '#domain/binlog/scanner'
import type { EngineFamily } from '#domain/engine-family'
import type { Session } from '#engine/session'
import { TEST_ENGINES } from '#test/engines'
import { startLogged } from '#test/logged-shop'
import { isKnown } from '#test/newer-sql'
import { withFolder } from '#test/temporary'

// The borders of transactions, against those that the server itself shows.

const BOTH = [
  'CREATE DATABASE t',
  'CREATE TABLE t.a (i INT PRIMARY KEY AUTO_INCREMENT, s LONGTEXT)',
  'CREATE TABLE t.m (i INT) ENGINE = MyISAM',
  "INSERT INTO t.a (s) VALUES ('one'), ('COMMIT')",
  'BEGIN',
  "INSERT INTO t.a (s) VALUES ('two')",
  'SAVEPOINT here',
  "INSERT INTO t.a (s) VALUES ('three')",
  'ROLLBACK TO SAVEPOINT here',
  'COMMIT',
  'INSERT INTO t.m VALUES (3)',
  "XA START 'x'",
  "INSERT INTO t.a (s) VALUES ('five')",
  "XA END 'x'",
  "XA PREPARE 'x'",
  "XA COMMIT 'x'",
  "XA START 'y'",
  "INSERT INTO t.a (s) VALUES ('six')",
  "XA END 'y'",
  "XA PREPARE 'y'",
  "XA ROLLBACK 'y'",
  "SET SESSION binlog_format = 'STATEMENT'",
  "SET @v = 'seven'",
  'INSERT INTO t.a (s) VALUES (@v)',
  'CREATE TEMPORARY TABLE t.u (i INT)',
  'INSERT INTO t.u VALUES (1)',
  'INSERT INTO t.a (s) SELECT i FROM t.u',
  'DROP TEMPORARY TABLE t.u',
  "SET SESSION binlog_format = 'ROW'",
  "INSERT INTO t.a (s) VALUES (REPEAT('x', 3000000))",
  'FLUSH BINARY LOGS',
  "CREATE USER 'u'@'%' IDENTIFIED BY 'Secret1'",
  "GRANT SELECT ON t.* TO 'u'@'%'",
  'SET GLOBAL binlog_checksum = NONE',
  'DELETE FROM t.a WHERE i = 1',
  'SET GLOBAL binlog_checksum = CRC32',
  'TRUNCATE TABLE t.m',
  'DROP TABLE t.a, t.m',
]

const OWN: Record<EngineFamily, readonly string[]> = {
  mysql: [
    'CREATE TABLE t.c AS SELECT 1 AS i',
    'SET SESSION binlog_transaction_compression = ON',
    "INSERT INTO t.a (s) VALUES (REPEAT('y', 100000))",
    'SET SESSION binlog_transaction_compression = OFF',
    "SET gtid_next = 'AUTOMATIC:mytag'",
    "INSERT INTO t.a (s) VALUES ('tagged')",
    'FLUSH BINARY LOGS',
    "INSERT INTO t.a (s) VALUES ('tagged')",
    "SET gtid_next = 'AUTOMATIC'",
  ],
  mariadb: [
    // MySQL with GTIDs refuses to mix them.
    'BEGIN',
    'INSERT INTO t.m VALUES (2)',
    "INSERT INTO t.a (s) VALUES ('four')",
    'ROLLBACK',
    'CREATE TABLE t.c AS SELECT 1 AS i',
    'SET GLOBAL log_bin_compress = ON',
    "SET SESSION binlog_format = 'STATEMENT'",
    `INSERT INTO t.a (s) VALUES ('${'z'.repeat(1000)}')`,
    `CREATE TABLE t.d (i INT) COMMENT '${'z'.repeat(1000)}'`,
    "SET SESSION binlog_format = 'ROW'",
    "INSERT INTO t.a (s) VALUES (REPEAT('y', 100000))",
    'SET GLOBAL log_bin_compress = OFF',
    'SET SESSION gtid_domain_id = 3',
    "INSERT INTO t.a (s) VALUES ('another domain')",
    'SET SESSION gtid_domain_id = 0',
    'CREATE SEQUENCE t.s',
    'DO NEXTVAL(t.s)',
  ],
}

describe.each(TEST_ENGINES)('%s', family => {
  test('finds the transactions that the server shows, and their GTIDs', async () => {
    await withFolder(async folder => {
      const engine = await engineFor(family)
      const server = await startLogged(engine, join(folder, 'server'))
      const session = await engine.connect(server.administrator)
      try {
        const own = OWN[family].filter(one => isKnown(one, session.flavor))
        for (const statement of [...BOTH.slice(0, -1), ...own, ...BOTH.slice(-1)]) {
          await session.run(statement)
        }
        const files = await session.rows('SHOW BINARY LOGS')
        let gtids = ''
        for (const name of files.map(row => String(row['Log_name']))) {
          const scanned = scan(family, name, await readFile(join(server.folder, 'data', name)))
          expect(scanned.transactions.map(({ gtid, from, to }) => [gtid, from, to])).toEqual(
            await shown(session, name),
          )
          gtids = scanned.gtids
        }
        expect(files.length).toBeGreaterThan(2)
        const known = family === 'mysql' ? '@@gtid_executed' : '@@gtid_binlog_state'
        const text = String(await session.value(`SELECT ${known}`)).replaceAll('\n', '')
        expect(parts(String(parseHistory(family, gtids)))).toEqual(
          parts(String(parseHistory(family, text))),
        )
      } finally {
        await session.close()
        await engine.scratchServers.remove(server.folder)
      }
    })
  })
})

function scan(
  family: EngineFamily,
  name: string,
  bytes: Buffer,
): { transactions: Transaction[]; gtids: string } {
  const scanner = new BinlogScanner(family, name, null)
  const transactions: Transaction[] = []
  for (let at = 4; at < bytes.length; ) {
    const { size } = readHeader(bytes, at)
    const ended = scanner.push(bytes.subarray(at, at + size), at)
    if (ended) transactions.push(ended)
    at += size
  }
  expect(scanner.open).toBeNull()
  expect(scanner.border).toBe(bytes.length)
  return { transactions, gtids: scanner.gtids.toString() }
}

/** GTID, beginning and end of each transaction of a file: up to what comes between, or the next. */
async function shown(session: Session, name: string): Promise<[string, number, number][]> {
  const found: [string, number, number][] = []
  for (const event of await session.rows(`SHOW BINLOG EVENTS IN '${name}'`)) {
    const info = String(event['Info'])
    const gtid = /GTID_NEXT= '([^']+)'|GTID (\d+-\d+-\d+)/.exec(info)?.slice(1).find(Boolean)
    const isGtid = /^gtid(?!_list)/i.test(String(event['Event_type']))
    const last = found.at(-1)
    if (isGtid && gtid) found.push([gtid, Number(event['Pos']), Number(event['End_log_pos'])])
    else if (last && !/^(rotate|stop|binlog_checkpoint)/i.test(String(event['Event_type']))) {
      last[2] = Number(event['End_log_pos'])
    }
  }
  return found
}

const parts = (gtids: string): string[] => gtids.split(',').sort()
