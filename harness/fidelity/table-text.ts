import type { EngineFamily } from '#domain/engine-family'
import type { Flavor } from '#engine/flavor'
import { type ColumnType, columnTypes, literal } from './column-types.ts'
import { oddName, quoted } from './odd-names.ts'
import type { ColumnWish, TableWish } from './schema-arbitrary.ts'

export interface Dialect {
  flavor: Flavor
  family: EngineFamily
  /** Of the server: each a character set and a collation of it. */
  collations: readonly { charset: string; collation: string }[]
}

/** A table that was made up: what programs and later tables need to know of it. */
export interface MadeTable {
  name: string
  columns: readonly string[]
  /** Has `id INT` as its primary key, so that another may refer to it. */
  referable: boolean
  create: string
  /** Rows, then changes of them. */
  rows: readonly string[]
}

/** Columns of the key, how they are declared, and the value of the row in this place. */
interface KeyShape {
  columns: readonly string[]
  clauses: readonly string[]
  values(row: number): readonly string[]
}

const KEYS: readonly KeyShape[] = [
  {
    columns: ['id INT NOT NULL'],
    clauses: ['PRIMARY KEY (id)'],
    values: row => [String(row * 3 - 5)],
  },
  {
    columns: ['id INT NOT NULL AUTO_INCREMENT'],
    clauses: ['PRIMARY KEY (id)'],
    values: row => [String(row - 1)],
  },
  { columns: [], clauses: [], values: () => [] },
  {
    columns: ['id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT'],
    clauses: ['PRIMARY KEY (id)'],
    values: row => [row === 3 ? '18446744073709551614' : String(row)],
  },
  {
    columns: ['`i d` BIGINT NOT NULL', 'b VARBINARY(9) NOT NULL'],
    clauses: ['PRIMARY KEY (b, `i d`)'],
    values: row => [String(-row), `x'${row.toString(16).padStart(2, '0')}00'`],
  },
  {
    columns: ['id VARCHAR(20) NOT NULL'],
    clauses: ['PRIMARY KEY (id)'],
    values: row => [`'K${row} é'`],
  },
  {
    columns: ['id DECIMAL(12,3) NOT NULL'],
    clauses: ['PRIMARY KEY (id)'],
    values: row => [`${row}.00${row % 10}`],
  },
  {
    columns: ['u INT NOT NULL', 'n INT'],
    clauses: ['UNIQUE KEY both_of (u, n)', 'UNIQUE KEY only (u)'],
    values: row => [String(row * 1000), row % 2 ? 'NULL' : '0'],
  },
  {
    columns: ['x INT', 'counter INT NOT NULL AUTO_INCREMENT'],
    clauses: ['KEY by_counter (counter)'],
    values: row => ['NULL', String(row)],
  },
  {
    columns: ['id BINARY(4) NOT NULL'],
    clauses: ['PRIMARY KEY (id)'],
    values: row => [`x'${(row + 254).toString(16).padStart(8, '0')}'`],
  },
  {
    columns: ['id TIMESTAMP(3) NOT NULL'],
    clauses: ['PRIMARY KEY (id)'],
    values: row => [`'2026-01-01 00:00:${10 + row}.5'`],
  },
  {
    columns: ['id TEXT NOT NULL'],
    clauses: ['PRIMARY KEY (id(8))'],
    values: row => [`'${String.fromCharCode(97 + row)}x'`],
  },
]

export function makeTable(
  wish: TableWish,
  place: number,
  earlier: readonly MadeTable[],
  dialect: Dialect,
): MadeTable {
  const name = oddName(`t${place}`, wish.name)
  const key = KEYS[wish.key % KEYS.length] as KeyShape
  const types = columnTypes(dialect.flavor)
  const columns = wish.columns.map((column, at) => {
    const type = types[column.type % types.length] as ColumnType
    return { wish: column, type, name: oddName(`c${at}`, column.type + column.charset) }
  })
  const parent = earlier.filter(({ referable }) => referable).at(-1)
  const refers = parent !== undefined && wish.foreign > 5 && wish.partition < 15
  const clauses = [
    ...key.columns,
    ...columns.map(column => columnClause(column, dialect)),
    ...(refers ? ['ref INT'] : []),
    ...generatedClauses(wish, columns, dialect),
    ...key.clauses,
    ...indexClauses(wish, columns, dialect),
    ...checkClauses(wish, columns),
    ...(refers ? [foreignClause(parent, place, wish.foreign)] : []),
  ]
  const target = quoted(name)
  const names = columns.map(column => column.name)
  return {
    name,
    columns: names,
    referable: /^id INT /.test(key.columns[0] ?? '') && wish.engine < 15 && wish.partition < 15,
    create: `CREATE TABLE ${target} (\n  ${clauses.join(',\n  ')}\n) ${optionsOf(wish, dialect)}${partitionOf(wish, key)}`,
    rows: rowStatements(wish, key, columns, target, refers),
  }
}

interface Column {
  wish: ColumnWish
  type: ColumnType
  name: string
}

function columnClause({ wish, type, name }: Column, dialect: Dialect): string {
  const collation = dialect.collations[wish.charset % dialect.collations.length]
  const parts = [quoted(name), type.sql]
  // With a NULL or a default of its own a type has all that it takes.
  const isPlain = !/ NULL| DEFAULT/.test(type.sql)
  if (type.text && collation && wish.charset % 3 > 0) {
    parts.push(`CHARACTER SET ${collation.charset}`)
    if (wish.charset % 3 > 1) parts.push(`COLLATE ${collation.collation}`)
  }
  if (isPlain) parts.push(wish.nullable || type.keyless ? '' : 'NOT NULL', defaultOf(wish, type))
  if (wish.invisible && isPlain) parts.push(invisibleOf(wish, type))
  if (wish.comment > 7) parts.push("COMMENT 'it''s, (KEY `x`) \\\\ é🐻'")
  return parts.filter(Boolean).join(' ')
}

/** A column that INSERT may leave out: with a default, or NULL. */
function invisibleOf(wish: ColumnWish, type: ColumnType): string {
  return wish.nullable && !type.keyless ? 'INVISIBLE' : ''
}

function defaultOf(wish: ColumnWish, type: ColumnType): string {
  if (type.blob || type.keyless) {
    return wish.default === 1 && type.sql === 'JSON' ? "DEFAULT (JSON_ARRAY('é', 1))" : ''
  }
  if (wish.default === 0) return `DEFAULT ${type.edges[0]}`
  if (wish.default === 1 && type.number) return 'DEFAULT (1 + 2 * 3)'
  if (wish.default === 2 && /CHAR\(40\)/.test(type.sql)) {
    return "DEFAULT (CONCAT('a', UPPER('é\\\\'), ''''))"
  }
  if (wish.default === 3 && type.sql === 'BINARY(6)') return 'DEFAULT 0xFF005C27'
  if (wish.default === 4 && /^DATETIME\(3/.test(type.sql)) {
    return 'DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3)'
  }
  return ''
}

function generatedClauses(
  { generated }: TableWish,
  columns: readonly Column[],
  { family }: Dialect,
): string[] {
  return generated.flatMap((kind, at) => {
    const of = columns[kind % columns.length] as Column
    const how = kind % 2 ? 'STORED' : 'VIRTUAL'
    const mine = quoted(oddName(`g${at}`, kind))
    if (of.type.number)
      return [`${mine} DOUBLE GENERATED ALWAYS AS (${quoted(of.name)} + 1) ${how}`]
    if (!of.type.text || family === 'mariadb') return []
    return [
      `${mine} VARCHAR(90) GENERATED ALWAYS AS (CONCAT(${quoted(of.name)}, '),\`(🐻')) ${how}`,
    ]
  })
}

function indexClauses(
  { indexes, engine, versioned }: TableWish,
  columns: readonly Column[],
  { family }: Dialect,
): string[] {
  return indexes.flatMap(({ columns: picks, kind }, at) => {
    const chosen = [...new Set(picks.map(pick => columns[pick % columns.length] as Column))]
    const usable = chosen.filter(({ type }) => !type.keyless)
    if (usable.length === 0) return []
    const name = quoted(oddName(`k${at}`, kind))
    const parts = usable.map(({ name: column, type }, place) => {
      const length = type.blob ? '(7)' : ''
      return `${quoted(column)}${length}${kind === 3 && place === 0 ? ' DESC' : ''}`
    })
    const [first] = usable
    if (kind === 4 && first && /TEXT|CHAR/.test(first.type.sql) && engine < 15 && versioned < 5) {
      return [`FULLTEXT KEY ${name} (${quoted(first.name)})`]
    }
    if (kind === 5 && family === 'mysql' && first?.type.number) {
      return [`KEY ${name} ((${quoted(first.name)} * 2))`]
    }
    if (kind === 6)
      return [`KEY ${name} (${parts.join(', ')}) ${family === 'mysql' ? 'INVISIBLE' : 'IGNORED'}`]
    if (kind === 7) return [`UNIQUE KEY ${name} (${parts.join(', ')})`]
    return [`KEY ${name} (${parts.join(', ')})${kind === 8 ? " COMMENT 'KEY, ('" : ''}`]
  })
}

function checkClauses({ check }: TableWish, columns: readonly Column[]): string[] {
  const column = columns[check % columns.length]
  if (check < 4 || !column?.type.number) return []
  return [
    `CONSTRAINT ${quoted(oddName('ck', check))} CHECK (${quoted(column.name)} IS NULL OR ${quoted(column.name)} <> 77)`,
  ]
}

function foreignClause(parent: MadeTable, place: number, foreign: number): string {
  const rule = ['', ' ON DELETE CASCADE', ' ON DELETE SET NULL ON UPDATE CASCADE'][foreign % 3]
  return `CONSTRAINT ${quoted(oddName(`fk${place}`, foreign))} FOREIGN KEY (ref) REFERENCES ${quoted(parent.name)} (id)${rule}`
}

function optionsOf({ engine, option, versioned }: TableWish, dialect: Dialect): string {
  const { family, collations } = dialect
  const other =
    family === 'mariadb'
      ? ['MyISAM', 'Aria', 'MEMORY', 'Aria TRANSACTIONAL=1']
      : ['MyISAM', 'MEMORY']
  const collation = collations[(option * 37) % collations.length]
  return [
    `ENGINE=${engine < 15 ? 'InnoDB' : other[engine % other.length]}`,
    option % 3 === 0 && collation
      ? `DEFAULT CHARACTER SET ${collation.charset} COLLATE ${collation.collation}`
      : 'DEFAULT CHARACTER SET utf8mb4',
    engine < 15
      ? [
          '',
          'ROW_FORMAT=REDUNDANT',
          'ROW_FORMAT=COMPACT',
          'ROW_FORMAT=COMPRESSED',
          'STATS_PERSISTENT=0',
          'STATS_SAMPLE_PAGES=7',
          'AUTO_INCREMENT=4711',
        ][option % 9]
      : '',
    option % 5 === 4 ? "COMMENT='ENGINE=MyISAM, \\'x\\' ; -- é'" : '',
    family === 'mariadb' && versioned === 5 && engine < 15 ? 'WITH SYSTEM VERSIONING' : '',
  ]
    .filter(Boolean)
    .join(' ')
}

function partitionOf({ partition, engine, versioned }: TableWish, key: KeyShape): string {
  if (partition < 15 || engine >= 15 || versioned === 5 || !/^id INT /.test(key.columns[0] ?? '')) {
    return ''
  }
  return [
    ' PARTITION BY HASH (id) PARTITIONS 3',
    ' PARTITION BY KEY (id) PARTITIONS 2',
    " PARTITION BY RANGE (id) (PARTITION `p 0` VALUES LESS THAN (10) COMMENT = 'x', PARTITION p1 VALUES LESS THAN MAXVALUE)",
    ' PARTITION BY RANGE (id) SUBPARTITION BY HASH (id) SUBPARTITIONS 2 (PARTITION p0 VALUES LESS THAN (3), PARTITION p1 VALUES LESS THAN MAXVALUE)',
    ' PARTITION BY LINEAR HASH (id) PARTITIONS 4',
  ][partition % 5] as string
}

function rowStatements(
  { rows, changes }: TableWish,
  key: KeyShape,
  columns: readonly Column[],
  target: string,
  refers: boolean,
): string[] {
  const keyNames = key.columns.map(column => /^(`[^`]*`|\w+)/.exec(column)?.[0])
  const names = [
    ...keyNames,
    ...columns.map(({ name }) => quoted(name)),
    ...(refers ? ['ref'] : []),
  ]
  const inserts = rows.map((numbers, row) => {
    const values = columns.map(({ type, wish }, at) =>
      literal(type, (numbers[at % numbers.length] ?? 0) + (wish.nullable ? 0 : at)),
    )
    const all = [
      ...key.values(row),
      ...values,
      ...(refers ? [row % 3 ? 'NULL' : String(row * 3 - 5)] : []),
    ]
    // With keys and without: what is refused is left out, with a warning.
    return `INSERT IGNORE INTO ${target} (${names.join(', ')}) VALUES (${all.join(', ')})`
  })
  const first = columns[0] as Column
  const updates = changes.map(
    change =>
      `UPDATE IGNORE ${target} SET ${quoted(first.name)} = ${literal(first.type, change)} LIMIT ${1 + (change % 4)}`,
  )
  return [...inserts, ...updates, ...(changes.length > 3 ? [`DELETE FROM ${target} LIMIT 1`] : [])]
}
