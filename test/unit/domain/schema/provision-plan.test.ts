import { expect, test } from 'vitest'
import type { LiveSchema, SchemaObject } from '#domain/schema/live-schema'
import { parseMigration } from '#domain/schema/migration'
import { type JournalEntry, pendingMigrations, versionStates } from '#domain/schema/provision-plan'
import type { TableDescription } from '#domain/schema/schema-description'

const DEFINER = { user: 'own_definer', host: 'localhost' }
const quote = (name: string): string => `[${name}]`

function object(part: Partial<SchemaObject> & Pick<SchemaObject, 'kind' | 'name'>): SchemaObject {
  return { table: null, definer: null, comment: '', definition: '', ...part }
}

function live(objects: SchemaObject[], tables: TableDescription[] = []): LiveSchema {
  return {
    name: 'shop',
    exists: true,
    collation: null,
    description: { name: 'shop', flavor: '', tables, views: [] },
    objects,
    grantees: [],
  }
}

function entry(version: number, state: JournalEntry['state'], statementIndex = 1): JournalEntry {
  return {
    version,
    name: 'a',
    checksum: '',
    state,
    statementIndex,
    startedAt: '',
    finishedAt: null,
    appliedBy: '',
    toolVersion: '',
  }
}

const FIRST = parseMigration(
  '0001_a.sql',
  [
    '-- @unless table t',
    'CREATE TABLE t;',
    '-- @when table t',
    '-- @unless own table t',
    'ALTER TABLE t {drop keys of t} COMMENT;',
    '-- @unless own view v',
    'CREATE DEFINER = `ecomdb_definer`@`localhost` VIEW v;',
    '-- @check strays',
    '-- @when table t',
    'SELECT COUNT(*) FROM t;',
  ].join('\n'),
)

function statementsFor(schema: LiveSchema, journal: JournalEntry[] = []): string[] {
  return pendingMigrations([FIRST], journal, schema, DEFINER, quote).flatMap(({ steps }) =>
    steps.map(({ sql }) => sql),
  )
}

test('on an empty schema everything is made, and nothing is adopted or checked', () => {
  expect(statementsFor(live([]))).toEqual([
    'CREATE TABLE t',
    'CREATE DEFINER = [own_definer]@[localhost] VIEW v',
  ])
  expect(pendingMigrations([FIRST], [], live([]), DEFINER, quote)[0]?.checks).toEqual([])
})

test('an older table is adopted, with the keys that the server named', () => {
  const table: TableDescription = {
    name: 't',
    columns: [],
    indexes: [
      { name: 'PRIMARY', primary: true, unique: true, columns: ['id'] },
      { name: 'odd`name', primary: false, unique: false, columns: ['other_id'] },
      { name: 'somebodys', primary: false, unique: false, columns: ['name'] },
    ],
    foreignKeys: [
      {
        name: 't_ibfk_1',
        columns: ['other_id'],
        referencedSchema: 'shop',
        referencedTable: 'other',
        referencedColumns: ['id'],
        onDelete: 'RESTRICT',
        onUpdate: 'RESTRICT',
      },
    ],
  }
  const view = object({ kind: 'view', name: 'v', definer: 'root@localhost' })
  const [migration] = pendingMigrations(
    [FIRST],
    [],
    live([object({ kind: 'table', name: 't' }), view], [table]),
    DEFINER,
    quote,
  )
  expect(migration?.steps.map(({ sql }) => sql)).toEqual([
    'ALTER TABLE t\n  DROP FOREIGN KEY [t_ibfk_1],\n  DROP KEY [odd`name], COMMENT',
    'CREATE DEFINER = [own_definer]@[localhost] VIEW v',
  ])
  expect(migration?.checks).toMatchObject([{ version: 1, what: 'strays' }])
})

test('what is ours already is left alone', () => {
  const own = [
    object({ kind: 'table', name: 't', comment: 'ecomdb: t' }),
    object({ kind: 'view', name: 'v', definer: 'own_definer@localhost' }),
  ]
  expect(statementsFor(live(own))).toEqual([])
})

test('a migration that is done is not looked at; one that was interrupted goes on where it stood', () => {
  expect(statementsFor(live([]), [entry(1, 'done')])).toEqual([])
  expect(statementsFor(live([]), [entry(1, 'adopted')])).toEqual([])
  expect(statementsFor(live([]), [entry(1, 'running', 3)])).toEqual([
    'CREATE DEFINER = [own_definer]@[localhost] VIEW v',
  ])
})

test('the state of every version, also of one that this ecomdb does not have', () => {
  const states = versionStates([FIRST], [entry(1, 'running'), entry(7, 'done')])
  expect(states.map(({ version, state }) => [version, state])).toEqual([
    [1, 'interrupted'],
    [7, 'done'],
  ])
  expect(versionStates([FIRST], [])[0]?.state).toBe('pending')
})

test('a statement for each grantee of a procedure', () => {
  const grants = parseMigration(
    '0002_b.sql',
    '-- @for each grantee of p\nGRANT EXECUTE ON PROCEDURE p TO {grantee};',
  )
  const grantees = [
    { procedure: 'p', user: 'ann', host: 'localhost' },
    { procedure: 'p', user: 'analyst', host: '' },
    { procedure: 'q', user: 'bo', host: '%' },
  ]
  const schema = { ...live([]), grantees }
  const [pending] = pendingMigrations([grants], [], schema, DEFINER, quote)
  expect(pending?.steps.map(({ sql }) => sql)).toEqual([
    'GRANT EXECUTE ON PROCEDURE p TO [ann]@[localhost]',
    'GRANT EXECUTE ON PROCEDURE p TO [analyst]',
  ])
})
