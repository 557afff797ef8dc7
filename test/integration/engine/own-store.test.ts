import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { quoteIdentifier } from '#engine/quote'
import type { Session } from '#engine/session'
import { TEST_ENGINES } from '#test/engines'
import { sharedServer } from '#test/servers'

describe.each(TEST_ENGINES)('%s: ecomdb’s own databases', family => {
  test('a store is made once, by whoever comes first, and knows its files', async () => {
    const { engine, server } = await sharedServer(family)
    const accessDatabase = `t_${randomBytes(6).toString('hex')}`
    const connect = { ...server.administrator, accessDatabase }
    const open = (): Promise<Session> => engine.connect(connect)
    const sessions = await Promise.all([open(), open(), open()])
    const [first] = sessions
    try {
      const { accessCatalog } = engine
      const names = await Promise.all(
        sessions.map(session => accessCatalog.ensureStore(session, 'access')),
      )
      expect(names).toEqual([accessDatabase, accessDatabase, accessDatabase])
      expect(await first.value('SELECT DATABASE()')).toBeNull()
      const journal = `${quoteIdentifier(accessDatabase)}.ecomdb_migration`
      expect(await first.value(`SELECT COUNT(*) FROM ${journal} WHERE finished_at IS NULL`)).toBe(
        '0',
      )

      await accessCatalog.recordOperation(first, {
        command: 'access apply',
        subject: 'alice',
        detail: { granted: ['analyst'] },
      })
      const [operation] = await first.rows(
        `SELECT actor, JSON_UNQUOTE(JSON_EXTRACT(detail, '$.granted[0]')) AS role
         FROM ${quoteIdentifier(accessDatabase)}.operation`,
      )
      expect(operation).toEqual({
        actor: expect.stringMatching(/^\S+( \(as \S+\))? as root@localhost$/),
        role: 'analyst',
      })
      await expectHandlesOnly(first, accessDatabase)

      // A crash in the middle: the statement that was cut short runs again.
      await first.run(
        `UPDATE ${journal} SET finished_at = NULL, statement_index = 2 WHERE version = 1`,
      )
      await first.run(`DROP TABLE ${quoteIdentifier(accessDatabase)}.operation`)
      const after = await open()
      sessions.push(after)
      await accessCatalog.ensureStore(after, 'access')
      expect(
        await after.value(`SELECT COUNT(*) FROM ${quoteIdentifier(accessDatabase)}.operation`),
      ).toBe('0')

      await first.run(`UPDATE ${journal} SET checksum = REPEAT('0', 64) WHERE version = 1`)
      const stranger = await open()
      sessions.push(stranger)
      await expect(accessCatalog.ensureStore(stranger, 'access')).rejects.toMatchObject({
        code: 'SCHEMA_DRIFT',
      })
    } finally {
      await first.run(`DROP DATABASE IF EXISTS ${quoteIdentifier(accessDatabase)}`)
      await Promise.all(sessions.map(session => session.close()))
    }
  })
})

async function expectHandlesOnly(session: Session, database: string): Promise<void> {
  const add = (person: string): Promise<unknown> =>
    session.run(
      `INSERT INTO ${quoteIdentifier(database)}.person (person, full_name, created_at)
       VALUES (?, 'A. Person', UTC_TIMESTAMP(6))`,
      [person],
    )
  await add('alice')
  for (const bad of ['Alice', '1st', 'a b', '']) {
    await expect(add(bad)).rejects.toMatchObject({ code: 'SERVER_REFUSED' })
  }
}
