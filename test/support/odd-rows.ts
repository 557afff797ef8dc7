import type { EngineFamily } from '#domain/engine-family'
import type { Session } from '#engine/session'
import { isKnown } from '#test/newer-sql'

/**
 * Tables whose values are easy to lose: each line of COLUMNS is a column, and a value for
 * each of four rows. Two rows hold the odd values, one has NULL everywhere, and one what
 * the column starts with.
 */
type Column = [name: string, type: string, ...values: string[]]

/** Every byte, as a literal. */
export const ALL_BYTES = `0x${Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0')).join('')}`
const SPECIAL = String.raw`CONCAT('tab\tnewline\nreturn\rback\\slash', CHAR(0), '\\N quote" it''s')`

const COLUMNS: readonly Column[] = [
  ['tiny', 'TINYINT', '-128', '127'],
  ['big', 'BIGINT UNSIGNED', '18446744073709551615', '0'],
  ['filled', 'INT(8) ZEROFILL', '42', '0'],
  [
    'dec',
    'DECIMAL(65,30)',
    `-${'9'.repeat(35)}.${'1'.repeat(30)}`,
    '0.000000000000000000000000000001',
  ],
  ['flo', 'FLOAT', '123456.789', '-3.4028234e38'],
  ['flo_tiny', 'FLOAT', '1.17549435e-38', '16777217'],
  ['flo_fixed', 'FLOAT(10,2)', '1234567.89', '0.10'],
  ['dou', 'DOUBLE', '1.7976931348623157e308', '0.1 + 0.2e0'],
  ['dou_tiny', 'DOUBLE', '2.2250738585072014e-308', '-0e0'],
  ['dou_fixed', 'DOUBLE(20,3)', '123456789012345.678', '0.001'],
  ['bit_one', 'BIT(1)', "b'1'", "b'0'"],
  [
    'bit_many',
    'BIT(64)',
    "b'1111111111111111111111111111111111111111111111111111111111111111'",
    '9',
  ],
  ['bit_text', 'BIT(24)', '0x0a095c', '0x313233'],
  ['day', 'DATE', "'0000-00-00'", "'9999-12-31'"],
  ['day_part', 'DATE', "'2024-00-00'", "'2024-02-29'"],
  ['moment', 'DATETIME(6)', "'2024-03-31 02:30:00.123456'", "'0000-00-00 00:00:00'"],
  ['stamp', 'TIMESTAMP(6) NULL', "'2038-01-19 03:14:07.999999'", "'1970-01-01 00:00:01'"],
  ['stamp_zero', 'TIMESTAMP NULL', "'0000-00-00 00:00:00'", "'2024-10-27 00:30:00'"],
  ['lap', 'TIME(6)', "'-838:59:59'", "'00:00:00.000001'"],
  ['yr', 'YEAR', '1901', '0'],
  ['fixed', 'CHAR(10) CHARACTER SET utf8mb4', "'  a '", "''"],
  ['west', 'VARCHAR(60) CHARACTER SET latin1', "'é ÿ €'", SPECIAL],
  ['china', 'VARCHAR(60) CHARACTER SET gbk', '_gbk 0x815c8140', SPECIAL],
  ['japan', 'VARCHAR(60) CHARACTER SET sjis', '_sjis 0x835c955c', SPECIAL],
  ['wide', 'VARCHAR(60) CHARACTER SET utf16', "'a\\n\u{1f9f8}'", SPECIAL],
  ['wider', 'VARCHAR(60) CHARACTER SET utf32', "'\u{1f9f8}\\\\'", SPECIAL],
  ['uni', 'VARCHAR(200) CHARACTER SET utf8mb4', "'\u{1f9f8} שלום \u200b'", SPECIAL],
  ['null_word', 'VARCHAR(10)', "'NULL'", "'\\\\N'"],
  ['long_text', 'LONGTEXT CHARACTER SET utf8mb4', "REPEAT('\u{1f9f8}\\t', 70000)", SPECIAL],
  ['bin', 'BINARY(8)', '0x00ff0a095c00', "''"],
  ['varbin', 'VARBINARY(300)', ALL_BYTES, "''"],
  ['blo', 'LONGBLOB', `REPEAT(${ALL_BYTES}, 3)`, "'\\0'"],
  ['enu', "ENUM('', 'a', '1', 'é')", "''", '4'],
  ['enu_bad', "ENUM('', 'a')", "'no such member'", "''"],
  ['enu_plain', "ENUM('2', '1', 'a,b', 'c''d')", "'1'", "'c''d'"],
  ['enu_plain_bad', "ENUM('x', '0')", "'no such member'", "'0'"],
  ['se', "SET('', 'a', 'b')", '1', '0'],
  ['se_plain', "SET('a', 'b''c', 'd')", "'a,d'", "''"],
  ['js', 'JSON', `'{"b": 1.50, "a": [null, true, "\u{1f9f8}\\\\n\\\\t"]}'`, '\'""\''],
  [
    'shape',
    'GEOMETRY',
    "ST_GeomFromText('POINT(1 2)', 4326)",
    "ST_GeomFromText('LINESTRING(0 0, 9.5 -1)')",
  ],
  ['spot', 'POINT', "ST_GeomFromText('POINT(0.1 92)')", "ST_GeomFromText('POINT(10 9)')"],
  ['odd `name`\\', 'INT', '1', '2'],
]

const ONLY: Record<EngineFamily, readonly Column[]> = {
  mariadb: [
    [
      'uid',
      'UUID',
      "'123e4567-e89b-12d3-a456-426655440000'",
      "'00000000-0000-0000-0000-000000000000'",
    ],
    ['ip6', 'INET6', "'2001:db8::ff00:42:8329'", "'::'"],
    ['ip4', 'INET4', "'10.9.92.0'", "'255.255.255.255'"],
  ],
  mysql: [['vec', 'VECTOR(3)', "STRING_TO_VECTOR('[1.5,-2,3e10]')", "STRING_TO_VECTOR('[0,0,0]')"]],
}

/** Names of the columns of `odd_rows`, without the generated one. */
export function oddColumns(session: Session, family: EngineFamily): string[] {
  return columnsFor(session, family).map(([name]) => name)
}

function columnsFor({ flavor }: Session, family: EngineFamily): Column[] {
  return [...COLUMNS, ...ONLY[family]].filter(([, type]) => isKnown(type, flavor))
}

export async function makeOddRows(session: Session, family: EngineFamily): Promise<void> {
  const columns = columnsFor(session, family)
  const quote = (name: string): string => `\`${name.replaceAll('`', '``')}\``
  await session.run("SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'")
  await session.run(
    `CREATE TABLE odd_rows (
       id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
       ${columns.map(([name, type]) => `${quote(name)} ${type}${/NULL$/.test(type) ? '' : ' NULL'}`).join(',\n')},
       changed TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
       twice INT GENERATED ALWAYS AS (tiny * 2) STORED,
       thrice INT GENERATED ALWAYS AS (tiny * 3) VIRTUAL,
       hidden INT INVISIBLE DEFAULT 7,
       CHECK (tiny > -200)
     ) CHARACTER SET utf8mb4`,
  )
  const names = ['id', ...columns.map(([name]) => quote(name)), 'changed', 'hidden'].join(', ')
  const row = (id: number, value: (column: Column) => string, changed: string): string =>
    `(${[id, ...columns.map(value), changed, id].join(', ')})`
  const insert = `INSERT INTO odd_rows (${names}) VALUES `
  const old = "'2001-01-01 00:00:00'"
  // In one statement, since the driver cannot read a negative id as the last one inserted.
  await session.run(
    insert +
      [
        row(-1, ([, , first]) => first ?? 'NULL', old),
        row(0, ([, , , second]) => second ?? 'NULL', old),
        row(1, () => 'NULL', 'NULL'),
      ].join(', '),
  )
  await session.run('INSERT INTO odd_rows (id) VALUES (2)')
}
