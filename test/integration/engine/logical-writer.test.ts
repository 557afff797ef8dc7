import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { EcomdbError } from '#core/errors'
import type { TableEntry } from '#domain/backup/manifest'
import type { LogicalWriterSession } from '#engine/logical-writer'
import type { ConnectOptions, Session } from '#engine/session'
import { TEST_ENGINES } from '#test/engines'
import { withDatabase } from '#test/servers'

const tableOf = (schema: string, name: string): TableEntry => ({
  ...{ schema, name, create: '', storageEngine: 'InnoDB', rows: 0, key: null },
  columns: ['id', 't'].map(column => ({ name: column, read: column, store: null })),
  ...{ chunks: [], chunkStep: null },
})

async function* lines(from: number, count: number, blockRows = 1000): AsyncIterable<Uint8Array> {
  for (let at = from; at < from + count; at += blockRows) {
    const ids = Array.from({ length: Math.min(blockRows, from + count - at) }, (_, i) => at + i)
    yield Buffer.from(ids.map(id => `${id}\t${'x'.repeat(100)}\n`).join(''))
  }
}

describe.each(TEST_ENGINES)('%s', family => {
  /** Three loading connections and a table `t` of a database of the test's own. */
  const withWriter = async (
    use: (writer: LogicalWriterSession, table: TableEntry, session: Session) => Promise<void>,
    method: 'infile' | 'insert' = 'infile',
    change: (connect: ConnectOptions, port: number) => ConnectOptions = connect => connect,
  ): Promise<void> =>
    await withDatabase(family, async ({ engine, server, session, database }) => {
      await session.run('CREATE TABLE t (id INT PRIMARY KEY, t VARCHAR(200))')
      const writer = await engine.logicalWriter.open({
        source: {},
        connect: change(server.administrator, server.port ?? 0),
        ...{ writers: 3, binlog: true, method },
      })
      try {
        await use(writer, tableOf(database, 't'), session)
      } finally {
        await writer.close()
      }
    })

  test('what the server does not understand of an account is not repeated', async () => {
    await withWriter(async writer => {
      const sql = "CREATE USER ada@localhost NONSENSE '*2D682685D54B66A3982F8156E33FEBB968A0A8DD'"
      const run = writer.run({
        ...{ stage: 'accounts', object: "account 'ada'@'localhost'", sql, shown: '' },
        ...{ table: null, schema: null, context: null },
      })
      const error = await run.catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'SERVER_REFUSED', why: expect.stringContaining('…') })
      expect(inspect(error)).not.toContain('2D68')
    })
  })

  test.each(['infile', 'insert'] as const)('many loads at once, each whole (%s)', async method => {
    await withWriter(async (writer, table, session) => {
      const loads = Array.from({ length: 12 }, (_, i) =>
        writer.load(table, 5000, lines(i * 5000, 5000, 700)),
      )
      expect((await Promise.all(loads)).map(({ rows }) => rows)).toEqual(loads.map(() => 5000))
      expect(await session.value('SELECT COUNT(*), SUM(id) FROM t')).toBe('60000')
    }, method)
  })

  test.each(['infile', 'insert'] as const)(
    'a source that fails leaves no row, and the connection works on (%s)',
    async method => {
      await withWriter(async (writer, table, session) => {
        async function* failing(): AsyncIterable<Uint8Array> {
          yield* lines(0, 20_000)
          throw new EcomdbError('OBJECT_DAMAGED', { what: 'as a damaged object does' })
        }
        await expect(writer.load(table, 20_000, failing())).rejects.toMatchObject({
          code: 'OBJECT_DAMAGED',
        })
        expect(await session.value('SELECT COUNT(*) FROM t')).toBe('0')
        for (let i = 0; i < 4; i += 1) await writer.load(table, 10, lines(i * 10, 10))
        expect(await session.value('SELECT COUNT(*) FROM t')).toBe('40')
      }, method)
    },
  )

  test('rows that the server drops are an error, and none of them stays', async () => {
    await withWriter(async (writer, table, session) => {
      async function* twice(): AsyncIterable<Uint8Array> {
        yield* lines(0, 10)
        yield* lines(5, 10)
      }
      await expect(writer.load(table, 20, twice())).rejects.toMatchObject({
        code: 'CONTENT_MISMATCH',
        what: expect.stringContaining('stored 15 of 20 rows'),
      })
      expect(await session.value('SELECT COUNT(*) FROM t')).toBe('0')
    })
  })

  test('the source is not asked before the server takes rows', async () => {
    await withWriter(async (writer, table, session) => {
      await session.run('LOCK TABLES t WRITE')
      let given = 0
      async function* watched(): AsyncIterable<Uint8Array> {
        for await (const block of lines(0, 200_000, 10_000)) {
          given += block.length
          yield block
        }
      }
      const load = writer.load(table, 200_000, watched())
      await expect
        .poll(() =>
          session.value(
            `SELECT COUNT(*) FROM information_schema.PROCESSLIST
             WHERE STATE LIKE 'Waiting for table%' AND INFO LIKE CONCAT('%', DATABASE(), '%')`,
          ),
        )
        .toBe('1')
      // The statement waits for the lock before it asks for the file.
      expect(given).toBe(0)
      await session.run('UNLOCK TABLES')
      await load
      expect(given).toBeGreaterThan(20_000_000)
    })
  })

  test('over TCP, with TLS where the server has it', async () => {
    const change = ({ user }: ConnectOptions, port: number): ConnectOptions => ({
      ...{ user, host: '127.0.0.1', port },
      tls: family === 'mysql',
    })
    await withWriter(
      async (writer, table, session) => {
        await writer.load(table, 30_000, lines(0, 30_000))
        expect(await session.value('SELECT COUNT(*) FROM t')).toBe('30000')
      },
      'infile',
      change,
    )
  })
})
