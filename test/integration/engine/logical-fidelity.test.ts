import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { Secret } from '#core/secret'
import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'
import { WHOLE_TABLE } from '#engine/logical-reader'
import { quoteIdentifier } from '#engine/quote'
import type { RunningServer } from '#engine/scratch-server'
import type { Session } from '#engine/session'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { ALL_BYTES, makeOddRows, oddColumns } from '#test/odd-rows'
import { withDatabase, withOwnDatabase } from '#test/servers'
import { withFolder } from '#test/temporary'

/**
 * Rows are read and loaded into a copy of the table, and source and copy are compared *in
 * the server*: two prints that agree can agree on a wrong value.
 */
test.each(TEST_ENGINES)('%s: every kind of value comes back as it is stored', async family => {
  await withDatabase(family, async ({ engine, session, database }) => {
    await makeOddRows(session, family)
    await withCopy(engine, session, database, 'odd_rows', async copy => {
      const columns = [...oddColumns(session, family), 'id', 'changed', 'twice', 'thrice', 'hidden']
      for (const name of columns) {
        expect(await differing(session, copy, quoteIdentifier(name)), name).toBe('0')
      }
      expect(await session.value(`SELECT COUNT(*) FROM ${copy}.odd_rows`)).toBe('4')
      for (const name of numberTyped(family)) {
        expect(await differingNumber(session, copy, quoteIdentifier(name)), name).toBe('0')
      }
    })
  })
})

test.each(TEST_ENGINES)(
  '%s: tables without a key and with odd keys are read whole',
  async family => {
    await withDatabase(family, async ({ engine, session, database }) => {
      await session.run('CREATE TABLE keyless (a INT, b TEXT)')
      await session.run("INSERT INTO keyless VALUES (1, 'x'), (1, 'x'), (NULL, ''), (2, NULL)")
      await session.run('CREATE TABLE single (word VARCHAR(20) PRIMARY KEY)')
      await session.run("INSERT INTO single VALUES (''), ('b'), ('a\\nb'), ('\\\\N')")
      await session.run('CREATE TABLE prefixed (b BLOB, PRIMARY KEY (b(10)))')
      await session.run("INSERT INTO prefixed VALUES (''), ('b'), (0x00)")
      for (const [table, rows] of Object.entries({ keyless: 4, single: 4, prefixed: 3 })) {
        await withCopy(engine, session, database, table, async copy => {
          expect(await session.value(`SELECT COUNT(*) FROM ${copy}.${table}`)).toBe(String(rows))
        })
      }
    })
  },
)

test.runIf(TEST_ENGINES.includes('mysql'))(
  'mysql: JSON with types that its text does not have comes back equal, or is told',
  async () => {
    await withOwnDatabase('mysql', async ({ engine, session, database }) => {
      await session.run('CREATE TABLE prices (id INT PRIMARY KEY, j JSON, plain JSON)')
      await session.run("INSERT INTO prices (id, j) VALUES (1, JSON_OBJECT('p', 49.90)), (2, NULL)")
      await withCopy(engine, session, database, 'prices', async copy => {
        const same = `SELECT COUNT(*) FROM prices JOIN ${copy}.prices c USING (id) WHERE prices.j <=> c.j`
        expect(await session.value(same)).toBe('2')
      })
      const warnings = async (): Promise<readonly string[]> => {
        const options = { connect: session.options, databases: [database], readers: 1 }
        const point = await engine.logicalReader.openConsistent(options)
        await point.close()
        return point.findings
      }
      expect(await warnings()).toEqual([])
      await session.run(
        "INSERT INTO prices (id, j) VALUES (3, JSON_OBJECT('d', DATE('2026-11-21')))",
      )
      expect(await warnings()).toEqual([
        expect.stringContaining(`JSON in ${database}.prices.j comes`),
      ])
    })
  },
)

test.each(TEST_ENGINES)(
  '%s: a field of 40 MB, over several packets, between small ones',
  async family => {
    await withFolder(async folder => {
      const use = async (server: RunningServer, engine: Engine): Promise<void> => {
        const session = await engine.connect(server.administrator)
        try {
          await session.run('CREATE DATABASE large')
          await session.run('USE large')
          for (const key of ['PRIMARY KEY', 'NOT NULL']) {
            await session.run(`CREATE TABLE t (id INT ${key}, a LONGBLOB, b TEXT)`)
            await session.run("INSERT INTO t VALUES (1, '', NULL), (3, NULL, 'after')")
            await session.run(
              `INSERT INTO t VALUES (2, REPEAT(${ALL_BYTES}, 160000), 'in the same row')`,
            )
            await withCopy(engine, session, 'large', 't', async copy => {
              const same = `SELECT COUNT(*) FROM t JOIN ${copy}.t c USING (id)
                           WHERE SHA2(t.a, 256) <=> SHA2(c.a, 256) AND t.b <=> c.b`
              expect(await session.value(same)).toBe('3')
            })
            await session.run('DROP TABLE t')
          }
        } finally {
          await session.close()
        }
      }
      await withServer(family, `${folder}/server`, use, ['--max-allowed-packet=256M'])
    })
  },
)

test.each(TEST_ENGINES)(
  '%s: a table of 1,000 columns is backed up and comes back',
  async family => {
    await withDatabase(family, async ({ engine, session, database }) => {
      const columns = Array.from({ length: 500 }, (_, at) => `c${at} TINYINT`)
      const made = columns.map((_, at) => `g${at} TINYINT GENERATED ALWAYS AS (c${at}) STORED`)
      await session.run(
        `CREATE TABLE wide (id INT PRIMARY KEY, ${[...columns, ...made].join(', ')})`,
      )
      await session.run('INSERT INTO wide (id, c0, c499) VALUES (1, 2, 3), (2, NULL, 4)')
      const options = { connect: session.options, databases: [database], readers: 1 }
      const point = await engine.logicalReader.openConsistent(options)
      try {
        const [table] = point.catalog.tables
        if (!table) throw new Error('no table')
        // With its tab 3 for each NULL and 2 for each digit: 1,500 and 1,501.
        expect(await point.sampleRowBytes(table)).toBe(1500.5)
        expect(point.findings).toEqual([])
        expect(point.probes.map(({ answer }) => answer.split('\t')[0])).toEqual(['2'])
      } finally {
        await point.close()
      }
      await withCopy(engine, session, database, 'wide', async copy => {
        const same = `SELECT COUNT(*) FROM wide JOIN ${copy}.wide c USING (id)
                     WHERE wide.c0 <=> c.c0 AND wide.g0 <=> c.g0 AND wide.g499 <=> c.g499`
        expect(await session.value(same)).toBe('2')
      })
    })
  },
)

test.each(TEST_ENGINES)(
  '%s: over TCP with a password, and through TLS where there is any',
  async family => {
    await withDatabase(family, async ({ engine, server, session, database }) => {
      await session.run('CREATE TABLE t (id INT PRIMARY KEY, a LONGTEXT)')
      await session.run("INSERT INTO t VALUES (1, REPEAT('a\tb', 900000)), (2, NULL)")
      const user = `${database}_u`
      await session.run(`CREATE USER ${user} IDENTIFIED BY 'pass word'`)
      await session.run(`GRANT SELECT ON ${database}.* TO ${user}`)
      const tcp = {
        host: '127.0.0.1',
        port: server.port ?? 0,
        user,
        password: new Secret('pass word'),
      }
      const [table] = (await engine.logicalReader.readCatalog(session, [database])).tables
      if (!table) throw new Error('no table')
      try {
        // Debian's MariaDB has no certificate of its own; MySQL makes one.
        const ways = [
          server.administrator,
          tcp,
          ...(family === 'mysql' ? [{ ...tcp, tls: true }] : []),
        ]
        for (const connect of ways) {
          const reader = await engine.logicalReader.openQuiet({ connect, readers: 2 })
          try {
            const hash = createHash('sha256')
            for await (const bytes of copies(reader.readChunk(table, WHOLE_TABLE)))
              hash.update(bytes)
            const expected = `1\t${'a\\tb'.repeat(900_000)}\n2\t\\N\n`
            expect(hash.digest('hex')).toBe(createHash('sha256').update(expected).digest('hex'))
          } finally {
            await reader.close()
          }
        }
        const wrong = { connect: { ...tcp, password: new Secret('wrong') }, readers: 2 }
        await expect(engine.logicalReader.openQuiet(wrong)).rejects.toMatchObject({
          code: 'AUTHENTICATION_REFUSED',
        })
        const nobody = { connect: { host: '127.0.0.1', port: 1, user }, readers: 2 }
        await expect(engine.logicalReader.openQuiet(nobody)).rejects.toMatchObject({
          code: 'SERVER_UNREACHABLE',
        })
      } finally {
        await session.run(`DROP USER ${user}`)
      }
    })
  },
)

/** A FLOAT, ENUM or SET prints less than it holds. */
function numberTyped(family: EngineFamily): string[] {
  const names = ['flo', 'flo_tiny', 'flo_fixed', 'enu', 'enu_bad', 'enu_plain_bad', 'se', 'bit_one']
  return family === 'mysql' ? names : [...names, 'bit_many']
}

async function differing(session: Session, copy: string, name: string): Promise<string | null> {
  return await session.value(
    `SELECT COUNT(*) FROM odd_rows a JOIN ${copy}.odd_rows b USING (id)
      WHERE NOT (HEX(a.${name}) <=> HEX(b.${name}))`,
  )
}

async function differingNumber(
  session: Session,
  copy: string,
  name: string,
): Promise<string | null> {
  return await session.value(
    `SELECT COUNT(*) FROM odd_rows a JOIN ${copy}.odd_rows b USING (id)
      WHERE NOT (a.${name} + 0 <=> b.${name} + 0)
         OR NOT (CAST(a.${name} + 0 AS CHAR) <=> CAST(b.${name} + 0 AS CHAR))`,
  )
}

/** Reads a table, and loads it into a copy of itself in a database beside it. */
async function withCopy(
  engine: Engine,
  session: Session,
  database: string,
  name: string,
  use: (copy: string) => Promise<void>,
): Promise<void> {
  const copy = `${database}_copy`
  const { tables } = await engine.logicalReader.readCatalog(session, [database])
  const table = tables.find(one => one.name === name)
  if (!table) throw new Error(`no table ${name}`)
  await session.run(`CREATE DATABASE ${copy}`)
  const reader = await engine.logicalReader.openQuiet({ connect: session.options, readers: 1 })
  const writer = await engine.logicalWriter.open({
    source: {},
    connect: session.options,
    writers: 1,
    binlog: true,
    method: 'infile',
    throwAway: false,
  })
  try {
    await session.run(`USE ${copy}`)
    await session.run(table.create)
    await session.run(`USE ${database}`)
    const rows = await reader.countRows(table)
    const target = { ...table, schema: copy, rows, chunks: [], chunkStep: null }
    await writer.load(target, rows, copies(reader.readChunk(table, WHOLE_TABLE)))
    await use(copy)
  } finally {
    await reader.close()
    await writer.close()
    await session.run(`DROP DATABASE ${copy}`)
  }
}

async function* copies(
  blocks: ReturnType<Awaited<ReturnType<Engine['logicalReader']['openQuiet']>>['readChunk']>,
): AsyncGenerator<Uint8Array> {
  for await (const block of blocks) {
    const bytes = Uint8Array.from(block.bytes)
    block.release()
    yield bytes
  }
}
