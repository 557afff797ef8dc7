import { expression, literal } from './expressions.ts'
import { type Known, oneOf, type Ways } from './known.ts'
import { characterSet, characterSetMaybeCollated, collationOf, columnText } from './types.ts'

export function createTable(known: Known): string {
  const { random } = known
  const hasKey = random.chance(0.75)
  const definitions: string[] = []
  if (hasKey) definitions.push(`id INT${random.chance(0.7) ? ' AUTO_INCREMENT' : ''} PRIMARY KEY`)
  const columns = random.between(1, 6)
  for (let at = 0; at < columns; at++) definitions.push(columnText(known, `c${at}`))
  if (random.chance(0.15)) definitions.push(`g0 ${generated(known)}`)
  if (random.chance(0.3)) {
    const prefix = random.chance(0.5) ? '(5)' : ''
    definitions.push(`${known.pick('KEY', 'KEY', 'UNIQUE KEY')} k0 (c0${prefix})`)
  }
  // On MySQL a literal of another client's character set in a CHECK is told otherwise: known.
  if (!known.isMysql && random.chance(0.1)) definitions.push("CHECK (c0 <> 'nope')")
  if (hasKey && random.chance(0.1)) {
    const action = known.pick('CASCADE', 'SET NULL', 'RESTRICT')
    definitions.push(`p INT, FOREIGN KEY (p) REFERENCES ${known.table()} (id) ON DELETE ${action}`)
  }
  const orReplace = !known.isMysql && random.chance(0.1) ? 'OR REPLACE ' : ''
  const ifNotExists = random.chance(0.3) ? 'IF NOT EXISTS ' : ''
  const options = tableOptions(known, hasKey).join(' ')
  return `CREATE ${orReplace}TABLE ${ifNotExists}${known.tableName()} (${definitions.join(', ')}) ${options}`
}

function generated(known: Known): string {
  return oneOf(known, [
    () => `INT AS (LENGTH(c0)) ${known.pick('STORED', 'VIRTUAL')}`,
    () => `VARCHAR(60) AS (CONCAT('x', c0)) ${known.pick('STORED', 'VIRTUAL')}`,
    () => 'INT AS (WEEK(c0)) VIRTUAL',
    () => 'DECIMAL(20,10) AS (c0 / 3) STORED',
  ])
}

function tableOptions(known: Known, hasKey: boolean): string[] {
  const { random } = known
  const options: string[] = []
  const engines = ['InnoDB', 'InnoDB', 'MyISAM', 'MEMORY', ...(known.isMysql ? [] : ['Aria'])]
  const engine = random.chance(0.35) ? random.pick(engines) : null
  if (engine) options.push(`ENGINE=${engine}`)
  if (random.chance(0.3)) {
    options.push(`DEFAULT CHARSET=${characterSetMaybeCollated(known, 'COLLATE=')}`)
  }
  // Aria has its own, and says of others what it was asked for.
  if (random.chance(0.1) && engine !== 'Aria') {
    options.push(`ROW_FORMAT=${known.pick('COMPACT', 'DYNAMIC', 'REDUNDANT', 'COMPRESSED')}`)
  }
  if (random.chance(0.1)) options.push("COMMENT='t é'")
  if (!known.isMysql && random.chance(0.12)) options.push('WITH SYSTEM VERSIONING')
  if (hasKey && random.chance(0.08)) {
    const range =
      'RANGE (id) (PARTITION a VALUES LESS THAN (5), PARTITION b VALUES LESS THAN MAXVALUE)'
    const by = known.pick('HASH (id) PARTITIONS 3', range, 'KEY () PARTITIONS 2')
    options.push(`PARTITION BY ${by}`)
  }
  return options
}

export function alterTable(known: Known): string {
  const { random } = known
  const table = known.table()
  const column = known.column(table).name
  const ignore = !known.isMysql && known.mayNumber && random.chance(0.3) ? 'IGNORE ' : ''
  const group = known.pick(columnsOf, columnsOf, keysOf, optionsOf)
  return `ALTER ${ignore}TABLE ${table} ${oneOf(known, group(known, column))}`
}

function columnsOf(known: Known, column: string): Ways {
  const { random } = known
  const shared: Ways = [
    () =>
      `ADD COLUMN ${columnText(known, `a${random.between(0, 9)}`)}${random.chance(0.3) ? ' FIRST' : ''}`,
    () => `DROP COLUMN \`${column}\``,
    () => `MODIFY ${columnText(known, column)}`,
    () => `MODIFY ${columnText(known, column)}`,
    () => `CHANGE \`${column}\` ${columnText(known, `b${random.between(0, 9)}`)}`,
    () => `ALTER COLUMN \`${column}\` SET DEFAULT ${known.pick('5', "'x'", "'2024-01-01'")}`,
    () => `RENAME COLUMN \`${column}\` TO r${random.between(0, 9)}`,
    () =>
      `ADD COLUMN v${random.between(0, 3)} INT AS (LENGTH(\`${column}\`)) ${known.pick('VIRTUAL', 'STORED')}`,
  ]
  return known.isMysql ? [...shared, () => `ALTER COLUMN \`${column}\` SET INVISIBLE`] : shared
}

const keysOf = ({ random, mayNumber }: Known, column: string): Ways => [
  () => `ADD INDEX (\`${column}\`${random.chance(0.4) ? '(3)' : ''})`,
  () => `ADD UNIQUE INDEX (\`${column}\`)`,
  () => 'DROP PRIMARY KEY',
  ...(mayNumber ? [() => 'ADD COLUMN id INT AUTO_INCREMENT PRIMARY KEY'] : []),
  () => `ADD PRIMARY KEY (\`${column}\`)`,
  () => 'DROP INDEX k0',
]

function optionsOf(known: Known): Ways {
  const { random } = known
  const shared: Ways = [
    () => `CONVERT TO CHARACTER SET ${characterSetMaybeCollated(known, 'COLLATE ')}`,
    () => `DEFAULT CHARACTER SET ${characterSet(known)}`,
    () => `ENGINE=${known.pick('InnoDB', 'MyISAM', 'MEMORY')}`,
    () => `COMMENT='${random.between(1, 99)}'`,
    () => 'FORCE',
    () => `RENAME TO ${known.tableName()}`,
    () => 'REMOVE PARTITIONING',
    () => `PARTITION BY KEY (id) PARTITIONS ${random.between(1, 4)}`,
    () => 'TRUNCATE PARTITION a',
    () => 'AUTO_INCREMENT=1000',
  ]
  if (known.isMysql) return shared
  const history = 'PARTITION BY SYSTEM_TIME (PARTITION h HISTORY, PARTITION n CURRENT)'
  return [...shared, () => 'ADD SYSTEM VERSIONING', () => 'DROP SYSTEM VERSIONING', () => history]
}

/** Tables and databases that are made of others, renamed, dropped. */
export function aboutTables(known: Known): string {
  const { random } = known
  const table = known.table()
  const database = `d${random.between(0, 3)}`
  const { name } = known.column(table, known.writable(table))
  return oneOf(known, [
    () =>
      `RENAME TABLE ${table} TO ${known.tableName()}${random.chance(0.3) ? `, ${known.table()} TO ${known.tableName()}` : ''}`,
    () => `DROP TABLE IF EXISTS ${table}`,
    () => `CREATE TABLE ${known.tableName()} LIKE ${table}`,
    () =>
      `CREATE TABLE ${known.tableName()} ${random.chance(0.5) ? '(id INT AUTO_INCREMENT PRIMARY KEY) ' : ''}SELECT ${expression(known)} AS z, ${expression(known, 'text')} AS y, ${expression(known, 'datetime')} AS x FROM nums`,
    () =>
      `CREATE TABLE ${known.tableName()} ${known.pick('', 'IGNORE ', 'REPLACE ')}SELECT * FROM ${table}`,
    () => `CREATE DATABASE ${database} ${known.pick('', `CHARACTER SET ${characterSet(known)}`)}`,
    () => `DROP DATABASE IF EXISTS ${database}`,
    () => `ALTER DATABASE d0 COLLATE ${collationOf(known, characterSet(known))}`,
    () =>
      `CREATE TABLE IF NOT EXISTS ${database}.x (${columnText(known, 'c0')}, ${columnText(known, 'c1')})`,
    () => `INSERT INTO ${database}.x (c0) VALUES (${expression(known)})`,
    () => `CREATE INDEX ix${random.between(0, 4)} ON ${table} (\`${name}\`)`,
    () => `${known.pick('ANALYZE', 'OPTIMIZE')} TABLE ${table}`,
    () => 'FLUSH LOGS',
    () =>
      `INSERT INTO ${table} () VALUES (); INSERT INTO audit (what) VALUES (${literal(known, 'text')}); UPDATE audit SET n = COALESCE(n, 0) + 1`,
  ])
}
