import { type Known, oneOf, type Ways } from './known.ts'

/** A literal that suits a column of this type; now and then one that does not. */
export function literal(known: Known, type?: string): string {
  const { random } = known
  const kind = type === undefined ? known.pick('number', 'text', 'time', 'bytes') : kindOf(type)
  const other = random.chance(0.05)
  return other
    ? literalOf(known, known.pick('number', 'text', 'time', 'bytes', 'null'))
    : literalOf(known, kind)
}

function kindOf(type: string): string {
  if (/int|decimal|float|double|bit|year/.test(type)) return 'number'
  if (/date|time/.test(type)) return 'time'
  if (/blob|binary/.test(type)) return 'bytes'
  if (/geom|point/.test(type)) return 'shape'
  return type === 'json' ? 'json' : 'text'
}

function literalOf(known: Known, kind: string): string {
  const { random } = known
  const upTo = (high: number): number => random.between(0, high)
  switch (kind) {
    case 'number':
      return oneOf(known, [
        () => String(random.between(-130, 300)),
        () => `${upTo(99_999)}.${upTo(999_999)}`,
        () => `${random.between(1, 9)}e${random.between(-5, 12)}`,
        () => `1/${random.between(2, 9)}`,
        () => `10e0/${random.between(3, 9)}`,
        () => String(random.between(1970, 2100)),
      ])
    case 'time':
      return oneOf(known, [
        () =>
          `'20${random.between(10, 36)}-0${random.between(1, 9)}-${random.between(10, 28)} ${random.between(10, 23)}:${random.between(10, 59)}:${random.between(10, 59)}.${random.between(100_000, 999_999)}'`,
        () => `'2024-${random.between(10, 12)}-${random.between(10, 30)}'`,
        () => "'0000-00-00'",
        () => "'2024-03-31 02:30:00'",
      ])
    case 'bytes':
      return `x'${Array.from({ length: upTo(5) }, () => upTo(255).toString(16).padStart(2, '0')).join('')}'`
    case 'json':
      return known.pick(`'{"a": 1, "b": [1, 2, {"c": "x"}]}'`, "'[1.5, null, true]'", `'"t"'`)
    case 'shape':
      return `ST_GeomFromText('${known.pick('POINT(1 2)', 'LINESTRING(0 0, 1 1)')}')`
    case 'null':
      return 'NULL'
    default:
      return random.chance(0.1) ? `'${'z'.repeat(random.between(1, 40))}'` : random.pick(TEXTS)
  }
}

const TEXTS = [
  ...["'a'", "'B'", "'é'", "'naïve €'", "'x,y'", "''", "'  '", "'a\\\\b'", "'it''s'", "'2024'"],
  ...["'12abc'", "_latin1'e'", "N'ß'", "_utf8mb4'日本'", "'\\n\\t'", '"dq"', "_binary'raw'"],
]

/** A value for a column of this type: a literal, a function, a variable, or made of a column. */
export function expression(known: Known, type?: string, table?: string): string {
  const { random } = known
  if (random.chance(0.55)) return literal(known, type)
  const own = known.isMysql ? ofMysql : ofMariadb
  const groups = [ofSession, ofSettings, ofTexts, () => ofTables(known), () => own]
  if (table === undefined) return oneOf(known, known.pick(...groups)(known))
  return oneOf(known, known.pick(...groups, () => ofColumn(known, table))(known))
}

// Without CURRENT_ROLE(), which the restore names (exit 3), so that nothing else would be seen.
const ofSession = ({ random }: Known): Ways => [
  ...texts('NOW(6)', 'CURRENT_TIMESTAMP', 'SYSDATE(3)', 'UUID()', 'RAND()', 'CURDATE()'),
  ...texts('UTC_TIMESTAMP()', 'UNIX_TIMESTAMP()', 'LAST_INSERT_ID()', 'CONNECTION_ID()'),
  ...texts('DATABASE()', 'CURRENT_USER()', 'USER()', 'VERSION()', 'ROW_COUNT()', 'FOUND_ROWS()'),
  ...texts('@a', '@b', '@c', '@a + 1', 'CONCAT(@c, @b)', '@d', 'CONCAT(@e)'),
  () => `RAND(${random.between(1, 9)})`,
]

/** What settings of the session say: the zone, the locale, the mode, precisions. */
const ofSettings = ({ random }: Known): Ways => [
  () => `UNIX_TIMESTAMP('2024-0${random.between(1, 9)}-01 00:00:00')`,
  () => `FROM_UNIXTIME(${random.between(1, 2_000_000_000)})`,
  () => `WEEK('2024-12-${random.between(10, 31)}')`,
  () => `YEARWEEK('2024-01-0${random.between(1, 9)}')`,
  () => `DAYNAME('2024-05-${random.between(10, 30)}')`,
  () => `MONTHNAME('2024-0${random.between(1, 9)}-05')`,
  () => `DATE_FORMAT('2024-0${random.between(1, 9)}-05', '%W %M %a %b %U %u %V')`,
  () => `FORMAT(${random.between(1000, 9_999_999)}.55, 2)`,
  () => `${random.between(1, 9)}/${random.between(2, 13)}`,
  () => `${random.between(1, 9)}/3/7`,
  () =>
    `(WITH RECURSIVE q AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM q WHERE i < ${random.between(2, 40)}) SELECT SUM(i) FROM q)`,
  ...texts(
    "CAST('2024-03-31 02:30:00' AS DATETIME) + INTERVAL 1 HOUR",
    "CONVERT_TZ('2024-06-01 00:00:00', @@session.time_zone, '+00:00')",
    "STR_TO_DATE('01,5,2013','%d,%m,%Y')",
    'NOT 1 BETWEEN -5 AND 5',
    'CAST(1 AS UNSIGNED) - 2',
    "'a' || 'b'",
    "'a\\nb' REGEXP 'a.b'",
  ),
]

const ofTexts = ({ random }: Known): Ways => [
  ...texts("COLLATION('a')", "CHARSET(CONCAT('a', 1))", "'a' = 'A'", "'ß' = 'ss'", "HEX('é')"),
  ...texts("LENGTH('é')", "UPPER('éß')", "CAST('é' AS BINARY)", "CONCAT('a', NULL)"),
  ...texts("LPAD('x', 5, 'é')", "'é' REGEXP '^.$'", 'CAST(1e0/3 AS CHAR)', 'ROUND(2.5e0)'),
  () => `REPEAT('ab', ${random.between(1, 30)})`,
]

const ofTables = ({ random }: Known): Ways => [
  ...texts('(SELECT GROUP_CONCAT(n ORDER BY n) FROM nums)', '(SELECT SUM(n) / 7 FROM nums)'),
  ...texts('(SELECT AVG(n) FROM nums)', '(SELECT MAX(n) FROM nums)', 'f2()', "f3('é')"),
  () => `f1(${random.between(1, 9)})`,
]

function ofColumn(known: Known, table: string): Ways {
  const name = `\`${known.column(table).name}\``
  return texts(name, `${name} + 1`, `CONCAT(${name})`, `UPPER(${name})`, `COALESCE(${name}, 7)`)
}

const ofMysql = texts(
  ...[`JSON_EXTRACT('{"a": 5}', '$.a')`, 'BIN_TO_UUID(UUID_TO_BIN(UUID()))'],
  ...["AES_ENCRYPT('a', 'b')", "MD5('x')", 'UUID_SHORT()', 'RANDOM_BYTES(4)'],
)

const ofMariadb = texts(
  ...['NEXTVAL(sq)', 'NEXT VALUE FOR sq', 'LASTVAL(sq)', 'UUID_SHORT()', "ENCODE('a','b')"],
  ...["PASSWORD('x')", `JSON_VALUE('{"a": 5}', '$.a')`, 'TRUNCATE(1.999, 1)', 'SYS_GUID()'],
  ...['RANDOM_BYTES(4)', "NATURAL_SORT_KEY('a10')"],
)

function texts(...all: string[]): Ways {
  return all.map(text => () => text)
}
