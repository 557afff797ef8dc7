import { expect, test } from 'vitest'
import { cardinalityOf } from '#domain/schema/schema-description'
import { TEST_ENGINES } from '#test/engines'
import { makeOddSchema, ODD_TABLE } from '#test/odd-schema'
import { withDatabase } from '#test/servers'

test.each(TEST_ENGINES)('%s: tables, keys and views are what was made', async family => {
  await withDatabase(family, async ({ engine, session, database }) => {
    await makeOddSchema(session, database)
    const schema = await engine.schemaObserver.observe(session, database)

    expect(schema.flavor).toBe(session.flavor.toString())
    expect(schema.tables.map(table => table.name)).toEqual(['badges', ODD_TABLE, 'people'])
    const [badges, odd, people] = schema.tables
    expect(people?.columns.map(({ type: _, ...column }) => column)).toEqual([
      { name: 'person_id', nullable: false, generated: false, autoIncrement: true },
      { name: 'email', nullable: false, generated: false, autoIncrement: false },
      { name: 'first_name', nullable: true, generated: false, autoIncrement: false },
      { name: 'last_name', nullable: true, generated: false, autoIncrement: false },
      { name: 'initials', nullable: true, generated: true, autoIncrement: false },
    ])
    expect(people?.indexes).toEqual([
      { name: 'PRIMARY', primary: true, unique: true, columns: ['person_id'] },
      { name: 'by_email', primary: false, unique: true, columns: ['email'] },
      { name: 'by_name', primary: false, unique: false, columns: ['last_name', 'first_name'] },
    ])
    expect(odd?.columns.map(column => column.name)).toEqual(['n', 'e:w', 'line\nbreak', '<i>"&\\'])
    expect(badges?.foreignKeys).toEqual([
      expect.objectContaining({
        name: 'of_two',
        columns: ['n', 'e'],
        referencedSchema: database,
        referencedTable: ODD_TABLE,
        referencedColumns: ['n', 'e:w'],
        onDelete: 'SET NULL',
      }),
      expect.objectContaining({ name: 'one_badge', columns: ['person_id'], onDelete: 'CASCADE' }),
      expect.objectContaining({ name: 'sponsor', columns: ['sponsor_id'] }),
    ])
    expect(badges?.foreignKeys.map(key => badges && cardinalityOf(badges, key))).toEqual([
      { referenced: 'zero-or-one', referencing: 'zero-or-many' },
      { referenced: 'one', referencing: 'zero-or-one' },
      { referenced: 'zero-or-one', referencing: 'zero-or-many' },
    ])
    expect(schema.views.map(({ name, reads }) => ({ name, reads }))).toEqual([
      {
        name: 'badge_names',
        reads: [
          { schema: database, name: 'badges' },
          { schema: database, name: 'people' },
        ],
      },
      { name: 'view_of_view', reads: [{ schema: database, name: 'badge_names' }] },
    ])
  })
})

test.each(TEST_ENGINES)('%s: an index on an expression has no column there', async family => {
  await withDatabase(family, async ({ engine, session, database }) => {
    await session.run('CREATE TABLE t (a INT, b INT, KEY plain (b))')
    // MariaDB has no functional key parts.
    if (family === 'mysql') await session.run('CREATE INDEX sum_of ON t ((a + b), a)')
    const { tables } = await engine.schemaObserver.observe(session, database)
    expect(tables[0]?.indexes.map(index => index.columns)).toEqual(
      family === 'mysql' ? [['b'], [null, 'a']] : [['b']],
    )
  })
})

test.each(TEST_ENGINES)('%s: what an account may not see is not guessed', async family => {
  await withDatabase(family, async ({ engine, server, session, database }) => {
    await session.run('CREATE TABLE t (a INT)')
    await session.run('CREATE VIEW v AS SELECT a FROM t')
    const account = `'${database}'@'localhost'`
    await session.run(`CREATE USER ${account}`)
    await session.run(`GRANT SELECT ON ${database}.v TO ${account}`)
    try {
      const reader = await engine.connect({ ...server.administrator, user: database })
      const schema = await engine.schemaObserver.observe(reader, database)
      expect(schema.tables).toEqual([])
      expect(schema.views.map(view => view.name)).toEqual(['v'])
      expect(schema.views[0]?.reads ?? []).toEqual([])
      await expect(engine.schemaObserver.observe(reader, 'nothing_here')).rejects.toThrow(
        expect.objectContaining({ code: 'SCHEMA_MISSING' }),
      )
      await reader.close()
    } finally {
      await session.run(`DROP USER ${account}`)
    }
  })
})
