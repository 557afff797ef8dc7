import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from '#core/paths'
import { type Migration, parseMigration } from '#domain/schema/migration'

test('statements end at the delimiter, and carry the conditions before them', () => {
  const text = [
    '-- What it is for.',
    '',
    '-- @when table orders',
    '-- @unless own trigger t',
    'CREATE TABLE a (',
    "  b INT COMMENT 'not; the end'",
    ');',
    'DELIMITER //',
    'CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW',
    'BEGIN',
    '  SET @x = 1;',
    '  -- a comment of the body',
    'END//',
    'DELIMITER ;',
    '-- @check rows without b',
    'SELECT COUNT(*) FROM a WHERE b IS NULL;',
    '',
  ].join('\n')
  const { version, name, statements } = parseMigration('0042_some_name.sql', text)
  expect([version, name]).toEqual([42, 'some_name'])
  expect(statements).toEqual([
    {
      index: 1,
      conditions: [
        { wanted: true, fact: { is: 'object', kind: 'table', name: 'orders', own: false } },
        { wanted: false, fact: { is: 'object', kind: 'trigger', name: 't', own: true } },
      ],
      check: null,
      forGranteesOf: null,
      sql: "CREATE TABLE a (\n  b INT COMMENT 'not; the end'\n)",
    },
    {
      index: 2,
      conditions: [],
      check: null,
      forGranteesOf: null,
      sql: 'CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW\nBEGIN\n  SET @x = 1;\n  -- a comment of the body\nEND',
    },
    {
      index: 3,
      conditions: [],
      check: 'rows without b',
      forGranteesOf: null,
      sql: 'SELECT COUNT(*) FROM a WHERE b IS NULL',
    },
  ])
})

test.each([
  ['no number', 'orders.sql', 'SELECT 1;'],
  ['no end', '0001_a.sql', 'SELECT 1'],
  ['a condition that is none', '0001_a.sql', '-- @when moon full\nSELECT 1;'],
])('%s is an error of ecomdb itself', (_what, file, text) => {
  expect(() => parseMigration(file, text)).toThrow()
})

function shipped(): Migration[] {
  const folder = join(packageRoot(), 'src/engine/migrations')
  return readdirSync(folder)
    .filter(file => file.endsWith('.sql'))
    .sort()
    .map(file => parseMigration(file, readFileSync(join(folder, file), 'utf8')))
}

test('the shipped versions have no gap, and no statement is left without a condition by mistake', () => {
  const migrations = shipped()
  expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, at) => at))
  const unconditional = migrations.flatMap(({ name, statements }) =>
    statements
      .filter(each => each.conditions.length === 0 && each.forGranteesOf === null)
      .map(({ sql }) => `${name}: ${sql.slice(0, 20)}`),
  )
  // It keeps what is there, so it may run again.
  expect(unconditional).toEqual(['product_reference: INSERT INTO products'])
})

test('every check reads one number, and changes nothing', () => {
  for (const { statements } of shipped()) {
    for (const { check, sql } of statements) {
      expect(/^SELECT COUNT\(/.test(sql)).toBe(check !== null)
    }
  }
})
