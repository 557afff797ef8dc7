import type { EngineFamily } from '#domain/engine-family'
import { Random } from '#domain/sample/random'
import type { Flavor } from '#engine/flavor'
import { isKnown } from '#test/newer-sql'

/** A column type, and literals for it: the edges first, then values that the number makes. */
export interface ColumnType {
  sql: string
  /** Text types take a character set and a collation. */
  text?: true
  /** Wants a length in a key. */
  blob?: true
  /** Of no use in a key, or not allowed there. */
  keyless?: true
  /** Usable in arithmetic. */
  number?: true
  /** At the size of one index entry or less, so that it may be part of a key. */
  edges: readonly string[]
  /** A value from random numbers. */
  random(random: Random): string
}

const digits = (random: Random, count: number): string =>
  Array.from({ length: count }, () => random.between(0, 9)).join('')
const hex = (random: Random, bytes: number): string =>
  Array.from({ length: bytes }, () => random.between(0, 255).toString(16).padStart(2, '0')).join('')

const WORDS = [
  '',
  ' ',
  'a',
  'bear',
  'é',
  'ß',
  '名',
  '表',
  'ソ',
  '🐻',
  '\t',
  '\n',
  '\r',
  '\\',
  '\\N',
  "'",
  '"',
  '`',
  '\0',
  '\x1a',
  'NULL',
  '%',
  '_',
  ',',
  ';',
  '--',
  '/*',
  '€',
  'ÿ',
  'İ',
  'ﬁ',
  '\u200b',
  'e\u0301',
]

export function textLiteral(random: Random, longest: number): string {
  const count = random.between(0, longest)
  const text = Array.from({ length: count }, () => random.pick(WORDS)).join('')
  return text === '' ? "''" : `_utf8mb4 x'${Buffer.from(text).toString('hex')}'`
}

const whole = (sql: string, ...edges: string[]): ColumnType => ({
  sql,
  number: true,
  edges,
  random: random => String(random.between(-120, 120)),
})
const unsigned = (sql: string, ...edges: string[]): ColumnType => ({
  sql,
  number: true,
  edges,
  random: random => String(random.between(0, 250)),
})

const text = (sql: string, longest: number, blob?: true): ColumnType => ({
  sql,
  text: true,
  ...(blob ? { blob } : {}),
  edges: ["''", "' '", "'a '", "'\\\\N'", "'\\t\\n\\\\'", "'NULL'", "'0'"],
  random: random => textLiteral(random, longest),
})
const bytes = (sql: string, longest: number, blob?: true): ColumnType => ({
  sql,
  ...(blob ? { blob } : {}),
  edges: ["''", "x'00'", "x'ff00'", "x'5c4e'", "x'090a0d5c00271a22'", "x'20'"],
  random: random => `x'${hex(random, random.between(1, longest))}'`,
})
const moment = (sql: string, ...edges: string[]): ColumnType => ({
  sql,
  edges: ["'0000-00-00 00:00:00'", ...edges],
  random: random =>
    `'20${String(random.between(10, 37))}-0${random.between(1, 9)}-${random.between(10, 28)} ${random.between(10, 23)}:${random.between(10, 59)}:${random.between(10, 59)}.${digits(random, 6)}'`,
})

const SHARED: readonly ColumnType[] = [
  whole('TINYINT', '-128', '127', '0'),
  unsigned('TINYINT UNSIGNED', '255', '0'),
  whole('TINYINT(1)', '1', '0', '-1'),
  whole('SMALLINT', '-32768', '32767'),
  unsigned('MEDIUMINT(5) UNSIGNED ZEROFILL', '16777215', '0', '7'),
  whole('INT', '-2147483648', '2147483647', '0'),
  whole('BIGINT', '-9223372036854775808', '9223372036854775807', '9007199254740993'),
  unsigned('BIGINT UNSIGNED', '18446744073709551615', '0', '9223372036854775808'),
  {
    sql: 'DECIMAL(65,30)',
    number: true,
    edges: [
      `-${'9'.repeat(35)}.${'9'.repeat(30)}`,
      '0.000000000000000000000000000001',
      '0',
      '-0.0',
    ],
    random: random => `${random.chance(0.5) ? '-' : ''}${digits(random, 20)}.${digits(random, 20)}`,
  },
  {
    sql: 'DECIMAL(5,0) UNSIGNED ZEROFILL',
    number: true,
    edges: ['0', '99999'],
    random: random => digits(random, 4),
  },
  {
    sql: 'FLOAT',
    number: true,
    edges: ['123456.789', '1.17549435e-38', '3.40282347e38', '-0e0', '16777217', '1e-45', '0.1'],
    random: random => `${digits(random, 7)}.${digits(random, 3)}e${random.between(-30, 30)}`,
  },
  {
    sql: 'FLOAT(9,3)',
    number: true,
    edges: ['0.001', '-999999.999'],
    random: random => `${digits(random, 5)}.${digits(random, 4)}`,
  },
  {
    sql: 'DOUBLE',
    number: true,
    edges: ['1.7976931348623157e308', '4.9e-324', '-0e0', '0.1', '1e22', '123456789012345680'],
    random: random => `-${digits(random, 9)}.${digits(random, 9)}e${random.between(-280, 280)}`,
  },
  { sql: 'BIT(1)', edges: ["b'0'", "b'1'"], random: random => `b'${random.between(0, 1)}'` },
  {
    sql: 'BIT(17)',
    edges: ["b'0'", "b'11111111111111111'", '0x0a09'],
    random: random => String(random.between(0, 131071)),
  },
  {
    sql: 'BIT(64)',
    edges: ['0', '0xFFFFFFFFFFFFFFFF', '0x5C4E0A09', '0x8000000000000000'],
    random: random => `0x${hex(random, 8)}`,
  },
  {
    sql: 'DATE',
    edges: ["'0000-00-00'", "'9999-12-31'", "'2024-00-00'", "'2023-02-00'", "'1000-01-01'"],
    random: random =>
      `'${random.between(1000, 9999)}-0${random.between(1, 9)}-${random.between(10, 28)}'`,
  },
  {
    sql: 'TIME(6)',
    edges: ["'-838:59:59'", "'838:59:59'", "'00:00:00.000001'", "'-00:00:00.000001'"],
    random: random =>
      `'${random.between(-838, 838)}:${random.between(10, 59)}:${random.between(10, 59)}.${digits(random, 6)}'`,
  },
  {
    sql: 'TIME',
    edges: ["'-838:59:59'", "'00:00:00'"],
    random: random => `'${random.between(0, 99)}:01:02'`,
  },
  moment('DATETIME', "'9999-12-31 23:59:59'", "'1000-01-01 00:00:00'", "'2024-02-30 00:00:00'"),
  moment('DATETIME(3)', "'2026-03-29 02:30:00.999'"),
  moment('TIMESTAMP(6) NULL', "'2038-01-19 03:14:07.999999'", "'1970-01-01 00:00:01'"),
  moment(
    'TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP',
    "'2026-10-25 00:30:00'",
  ),
  {
    sql: 'YEAR',
    edges: ['1901', '2155', '0', '2000'],
    random: random => String(random.between(1901, 2155)),
  },
  text('CHAR(12)', 6),
  text('VARCHAR(40)', 20),
  text('TINYTEXT', 12, true),
  text('TEXT', 60, true),
  text('LONGTEXT', 400, true),
  bytes('BINARY(6)', 6),
  bytes('VARBINARY(40)', 40),
  bytes('TINYBLOB', 60, true),
  bytes('MEDIUMBLOB', 300, true),
  {
    sql: "ENUM('', 'a', 'b,\\'', '1', '0')",
    text: true,
    edges: ["''", "'no such member'", "'1'", "'0'", '0', '3'],
    random: random => String(random.between(0, 5)),
  },
  {
    sql: "ENUM('x', 'é', '2', '1')",
    text: true,
    edges: ["'no such member'", "'é'", "'2'", "'1'", "''"],
    random: random => String(random.between(0, 4)),
  },
  {
    sql: "SET('', 'a', 'b', 'c')",
    text: true,
    edges: ["''", '1', '0', "'a,b,c'"],
    random: random => String(random.between(0, 15)),
  },
  {
    sql: "SET('p', 'q''r')",
    text: true,
    edges: ["''", '3'],
    random: random => String(random.between(0, 3)),
  },
  {
    sql: 'JSON',
    keyless: true,
    edges: [
      `'{"b": 1.50, "a": [null, true, "🐻\\\\n"]}'`,
      "'null'",
      "'[]'",
      '\'""\'',
      "'18446744073709551615'",
      "'1e400'",
      "'-0.0'",
      '\'{"": {"": 0}}\'',
    ],
    random: random =>
      `'{"n": ${digits(random, 3).replace(/^0+(?=.)/, '')}, "t": "${random.pick(['é', 'x y', '\\\\u0000', ''])}"}'`,
  },
  {
    sql: 'GEOMETRY',
    keyless: true,
    edges: [
      "ST_GeomFromText('POINT(1 2)', 4326)",
      "ST_GeomFromText('LINESTRING(0 0, 9.5 -1)')",
      "ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1), POLYGON((0 0,0 1,1 1,0 0)))')",
      "ST_GeomFromText('MULTIPOINT(0 0, 1.1 -2)')",
    ],
    random: random => `ST_GeomFromText('POINT(0.${digits(random, 9)} -${digits(random, 2)})')`,
  },
  {
    sql: 'POINT',
    keyless: true,
    edges: ["ST_GeomFromText('POINT(0.1 92)')"],
    random: random => `ST_GeomFromText('POINT(${digits(random, 2)} 1e-${random.between(1, 300)})')`,
  },
]

const ONLY: Record<EngineFamily, readonly ColumnType[]> = {
  mariadb: [
    {
      sql: 'UUID',
      edges: ["'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"],
      random: random => {
        const text = hex(random, 16)
        return `'${text.slice(0, 8)}-${text.slice(8, 12)}-4${text.slice(13, 16)}-8${text.slice(17, 20)}-${text.slice(20)}'`
      },
    },
    {
      sql: 'INET6',
      edges: ["'::'", "'::ffff:1.2.3.4'"],
      random: random => `'2001:db8::${hex(random, 2)}'`,
    },
    {
      sql: 'INET4',
      edges: ["'0.0.0.0'", "'10.9.92.0'"],
      random: random => `'10.${random.between(0, 255)}.0.9'`,
    },
    { ...text('VARCHAR(50) COMPRESSED', 25), keyless: true },
    { ...bytes('BLOB COMPRESSED', 200, true), keyless: true },
  ],
  mysql: [
    {
      sql: 'VECTOR(3)',
      keyless: true,
      edges: ["STRING_TO_VECTOR('[1.5,-2,3e10]')", "STRING_TO_VECTOR('[0,0,0]')"],
      random: random => `STRING_TO_VECTOR('[${digits(random, 3)}.5, -1, 0.${digits(random, 6)}]')`,
    },
    {
      sql: 'POINT SRID 4326',
      keyless: true,
      edges: ["ST_GeomFromText('POINT(89.9 179.9)', 4326)"],
      random: random =>
        `ST_GeomFromText('POINT(${random.between(-89, 89)} ${random.between(-179, 179)})', 4326)`,
    },
  ],
}

/** Those that the server has. */
export function columnTypes(flavor: Flavor): readonly ColumnType[] {
  return [...SHARED, ...ONLY[flavor.family]].filter(({ sql }) => isKnown(sql, flavor))
}

/** The literal of a number: small ones are the edges. */
export function literal(type: ColumnType, number: number): string {
  if (number % 7 === 6) return 'NULL'
  const edge = number % (type.edges.length * 2)
  return type.edges[edge] ?? type.random(new Random(number))
}
