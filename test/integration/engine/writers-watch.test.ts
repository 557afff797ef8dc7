import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WritersWatch } from '#engine/mysql/writers-watch'
import type { RunningServer } from '#engine/scratch-server'
import type { Session } from '#engine/session'
import { TEST_ENGINES } from '#test/engines'
import { startOwnServer } from '#test/own-server'

// What a backup by CLONE says of writers. MariaDB's is told by mariadb-backup: test/cli/physical.test.ts.

describe.runIf(TEST_ENGINES.includes('mysql'))('mysql: how long writers waited', () => {
  let own: Awaited<ReturnType<typeof startOwnServer>>
  let server: RunningServer
  let admin: Session
  let sourceId: string

  beforeAll(async () => {
    own = await startOwnServer('mysql')
    server = own.server
    admin = await own.engine.connect(server.administrator)
    sourceId = String(await admin.value('SELECT @@server_uuid'))
    await admin.run('CREATE DATABASE bank')
    await admin.run('CREATE TABLE bank.accounts (id INT PRIMARY KEY, n INT NOT NULL)')
    await admin.run('INSERT INTO bank.accounts VALUES (1, 0), (2, 0)')
    await admin.run('CREATE TABLE bank.journal (n INT NOT NULL)')
  })

  afterAll(async () => {
    await admin.close()
    await own.remove()
  })

  const begin = () => WritersWatch.begin(server.administrator, sourceId)

  const WAITS: readonly [what: string, hold: string, write: string, release: string][] = [
    [
      'for a row',
      'SELECT * FROM bank.accounts WHERE id = 1 FOR UPDATE',
      'UPDATE bank.accounts SET n = n + 1 WHERE id = 1',
      'ROLLBACK',
    ],
    [
      'for a table',
      'LOCK TABLES bank.journal WRITE',
      'INSERT INTO bank.journal VALUES (1)',
      'UNLOCK TABLES',
    ],
    ['for a commit', 'FLUSH TABLES WITH READ LOCK', 'COMMIT', 'UNLOCK TABLES'],
  ]

  test.each(WAITS)(
    'a wait %s is told, and never as shorter',
    async (_what, hold, write, release) => {
      const holder = await own.engine.connect(server.administrator)
      const writer = await own.engine.connect(server.administrator)
      await writer.run('START TRANSACTION')
      await writer.run('UPDATE bank.accounts SET n = n + 1 WHERE id = 2')
      await holder.run('START TRANSACTION')
      const watch = await begin()
      await holder.run(hold)
      const began = performance.now()
      const wrote = writer.run(write).then(() => performance.now() - began)
      await sleep(1500)
      await holder.run(release)
      const waitedMs = await wrote
      const said = await watch.end()
      expect(waitedMs).toBeGreaterThan(1400)
      expect(said.ms).toBeGreaterThanOrEqual(Math.floor(waitedMs))
      expect(said.words).toContain(`longer than ${said.ms} ms`)
      await writer.close()
      await holder.close()
    },
  )

  test('neither a query nor a statement that writes on and on is a wait', async () => {
    const reader = await own.engine.connect(server.administrator)
    const query = reader.rows('SELECT SLEEP(60)').catch(() => {})
    await admin.run('SET SESSION cte_max_recursion_depth = 1000000')
    await admin.run(
      'INSERT INTO bank.journal WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 200000) SELECT i FROM s',
    )
    const watch = await begin()
    const began = performance.now()
    await admin.run('UPDATE bank.journal SET n = n + 1')
    const tookMs = performance.now() - began
    const said = await watch.end()
    await admin.run(`KILL CONNECTION ${reader.connectionId}`)
    await query
    await reader.close()
    expect(said.ms).toBeGreaterThan(0)
    expect(said.ms).toBeLessThan(tookMs / 2)
  })

  test('what the server does not show is not said', async () => {
    const consumer =
      "UPDATE performance_schema.setup_consumers SET enabled = '%' WHERE name = 'events_statements_current'"
    await admin.run(consumer.replace('%', 'NO'))
    const blind = await (await begin()).end()
    await admin.run(consumer.replace('%', 'YES'))
    expect(blind).toEqual({
      ms: null,
      words: expect.stringContaining('performance_schema does not show the statements'),
    })
    const watch = await begin()
    await admin.run(
      "UPDATE performance_schema.threads SET INSTRUMENTED = 'NO' WHERE PROCESSLIST_ID = CONNECTION_ID()",
    )
    expect(await watch.end()).toEqual({
      ms: null,
      words: expect.stringContaining('does not show every session'),
    })
    await admin.run(
      "UPDATE performance_schema.threads SET INSTRUMENTED = 'YES' WHERE PROCESSLIST_ID = CONNECTION_ID()",
    )
  })

  test.each([
    [
      'one account is left out',
      "INSERT INTO performance_schema.setup_actors VALUES ('localhost', 'quiet', '%', 'NO', 'NO')",
      "DELETE FROM performance_schema.setup_actors WHERE USER = 'quiet'",
    ],
    [
      'they are of named accounts alone',
      "DELETE FROM performance_schema.setup_actors WHERE USER = '%'",
      "INSERT INTO performance_schema.setup_actors VALUES ('%', '%', '%', 'YES', 'YES')",
    ],
  ])('sessions to come may not be shown: %s', async (_what, restrict, restore) => {
    // At the beginning, and meanwhile.
    await admin.run(restrict)
    const before = await (await begin()).end()
    await admin.run(restore)
    const watch = await begin()
    await admin.run(restrict)
    const meanwhile = await watch.end()
    await admin.run(restore)
    const unseen = { ms: null, words: expect.stringContaining('setup_actors') }
    expect([before, meanwhile]).toEqual([unseen, unseen])
    expect(await (await begin()).end()).toMatchObject({ ms: expect.any(Number) })
  })

  test('an account that may not look has no figure, and a reason', async () => {
    await admin.run("CREATE USER cloner@localhost IDENTIFIED BY ''")
    await admin.run('GRANT BACKUP_ADMIN ON *.* TO cloner@localhost')
    const watch = await WritersWatch.begin({ ...server.administrator, user: 'cloner' }, sourceId)
    expect(await watch.end()).toEqual({ ms: null, words: expect.stringMatching(/denied/) })
    const elsewhere = await WritersWatch.begin(server.administrator, 'another')
    expect(await elsewhere.end()).toMatchObject({ ms: null })
  })
})
