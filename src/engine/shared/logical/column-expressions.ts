import type { ColumnEntry } from '#domain/backup/manifest'
import { quoteIdentifier } from '../../quote.ts'

/** A row of information_schema.COLUMNS. */
export interface ColumnFacts {
  name: string
  /** DATA_TYPE, e.g. "enum". */
  dataType: string
  /** COLUMN_TYPE, e.g. "enum('a','b')". */
  columnType: string
  extra: string
  /** GENERATION_EXPRESSION. */
  expression?: string | null
  nullable: boolean
}

/**
 * How a column is read and stored so that it comes back byte for byte, where its own text
 * does not do that:
 *
 * - FLOAT prints six digits; as DOUBLE it prints the value that is stored.
 * - BIT prints raw bytes; as an integer it is text.
 * - ENUM's member '' and its invalid value (index 0) print alike, and so do SET's member ''
 *   and the empty set; they travel as numbers.
 * - JSON (MySQL) is read as its text would store it: see retyped-json.ts.
 * - A shape of no bytes, which MariaDB gives the rows that are there when a column `NOT NULL` is
 *   added, is refused as a value, and stored where the value is NULL (not strict, 10.11, measured).
 * - JSON, UUID and INET refuse, or misread, a field in character set binary.
 *
 * @returns null for a generated column, which the server computes again
 * @throws RangeError for a type that is not known: losing it is worse than stopping
 */
export function columnEntry(column: ColumnFacts): ColumnEntry | null {
  if (/\b(VIRTUAL|STORED|PERSISTENT) GENERATED\b/i.test(column.extra)) return null
  const name = quoteIdentifier(column.name)
  const type = column.dataType.toLowerCase()
  if (type === 'float') return { name: column.name, read: `CAST(${name} AS DOUBLE)`, store: null }
  if (type === 'bit' || hasEmptyMember(type, column.columnType)) {
    return {
      name: column.name,
      read: `CAST(${name} AS UNSIGNED)`,
      store: 'CAST(@v AS UNSIGNED)',
    }
  }
  if (type === 'json') {
    return { name: column.name, read: jsonOfText(name), store: 'CONVERT(@v USING utf8mb4)' }
  }
  if (SHAPES.has(type) && !column.nullable) {
    return { name: column.name, read: name, store: "NULLIF(@v, '')" }
  }
  if (TEXT_ONLY.has(type)) {
    return { name: column.name, read: name, store: 'CONVERT(@v USING utf8mb4)' }
  }
  if (!KNOWN.has(type)) throw new RangeError(`column ${column.name} has the type ${type}`)
  return { name: column.name, read: name, store: null }
}

const JSON_OF_TEXT = `IF(JSON_STORAGE_SIZE(`

/**
 * What a JSON value's text would store. A text of more than max_allowed_packet cannot be
 * cast (error 3141), and has at most six letters for a byte: such a value is read as it is.
 */
function jsonOfText(name: string): string {
  const cast = `CAST(CAST(${name} AS CHAR CHARACTER SET utf8mb4) AS JSON)`
  return `${JSON_OF_TEXT}${name}) * 8 < @@max_allowed_packet, ${cast}, ${name})`
}

/** Is the column read as what its text would store? */
export function isReadAsText({ read }: ColumnEntry): boolean {
  return read.startsWith(JSON_OF_TEXT)
}

/** Stored from text of a real character set only. */
const TEXT_ONLY = new Set(['uuid', 'inet4', 'inet6'])

const SHAPES = new Set(
  (
    'geometry point linestring polygon multipoint multilinestring multipolygon ' +
    'geometrycollection geomcollection'
  ).split(' '),
)

const KNOWN = new Set([
  ...(
    'tinyint smallint mediumint int bigint decimal double date time datetime timestamp year ' +
    'char varchar tinytext text mediumtext longtext enum set ' +
    'binary varbinary tinyblob blob mediumblob longblob vector'
  ).split(' '),
  ...SHAPES,
])

function hasEmptyMember(type: string, columnType: string): boolean {
  if (type !== 'enum' && type !== 'set') return false
  const members: string[] = columnType.match(/'(?:[^']|'')*'/g) ?? []
  return members.includes("''")
}

const INTEGERS = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint'])

export function isInteger(dataType: string): boolean {
  return INTEGERS.has(dataType.toLowerCase())
}
