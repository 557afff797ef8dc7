import { type ColumnEncoding, isLengthened } from '#domain/audit/canonical'
import { quoteIdentifier } from '../../quote.ts'

/** A column as the server has it, with how its value becomes bytes. */
export interface AuditedColumn {
  name: string
  encoding: ColumnEncoding
  nullable: boolean
  /** The server has to turn it into UTF-8 first. */
  foreignText: boolean
}

const ENCODINGS: readonly (readonly [RegExp, ColumnEncoding])[] = [
  [/^(tinyint|smallint|mediumint|int|bigint|decimal|year)$/, 'decimal'],
  [/^(float|double)$/, 'float'],
  [/^bit$/, 'bit'],
  [/^(date|datetime|time)$/, 'time'],
  [/^timestamp$/, 'epoch'],
  [/^(char|varchar|tinytext|text|enum|set|uuid|inet4|inet6)$/, 'text'],
  [/^(mediumtext|longtext|json)$/, 'text-digest'],
  [/^(binary|varbinary|tinyblob|blob)$/, 'bytes'],
  [/^(mediumblob|longblob)$/, 'bytes-digest'],
]

/** Text of these is UTF-8 as it is. */
const UTF8 = new Set(['utf8mb4', 'utf8mb3', 'utf8', 'ascii'])

/** @returns null for a type that has no encoding */
export function encodingOf(dataType: string): ColumnEncoding | null {
  return ENCODINGS.find(([pattern]) => pattern.test(dataType))?.[1] ?? null
}

/** Enumerations and UUIDs are no text for LENGTH before they are turned into it. */
export function isForeignText(dataType: string, charset: string | null): boolean {
  return !/^(char|varchar|.*text)$/.test(dataType) || !UTF8.has(charset ?? '')
}

/** The value of a column as text or bytes. `of`: NEW, OLD, or a table's alias. */
function valueSql({ name, encoding, foreignText }: AuditedColumn, of: string): string {
  const column = `${of}.${quoteIdentifier(name)}`
  const text = foreignText ? `CONVERT(${column} USING utf8mb4)` : column
  switch (encoding) {
    case 'text':
      return text
    case 'text-digest':
      return `SHA2(${text}, 256)`
    case 'bytes-digest':
      return `SHA2(${column}, 256)`
    case 'float':
      return `CAST(${column} + 0e0 AS CHAR)`
    case 'bit':
      return `${column} + 0`
    case 'epoch':
      return `UNIX_TIMESTAMP(${column})`
    default:
      return column
  }
}

/** A value as bytes: a CONCAT of salt and text would read the salt as text of the text's collation. */
function bytesSql(column: AuditedColumn, of: string): string {
  const value = valueSql(column, of)
  return column.encoding === 'text' ? `CAST(${value} AS BINARY)` : value
}

/** Its length, a colon and its bytes. */
function framedSql(column: AuditedColumn, of: string): string {
  return `LENGTH(${valueSql(column, of)}), ':', ${bytesSql(column, of)}`
}

/**
 * A salt and a row's canonical bytes (docs/audit-format.md). The server prepares every item of an
 * expression anew with each row: lengths where a comma would do cost a fifth of the trigger.
 *
 * @param salt SQL
 */
export function saltedRowSql(columns: readonly AuditedColumn[], of: string, salt: string): string {
  const fields = columns.map(column => {
    const field = isLengthened(column.encoding)
      ? `CONCAT(${framedSql(column, of)})`
      : valueSql(column, of)
    return column.nullable ? `IFNULL(${field}, '~')` : field
  })
  return `CONCAT_WS(',', ${[salt, ...fields].join(', ')})`
}

/** The frame of the primary key. */
export function keySql(columns: readonly AuditedColumn[], of: string): string {
  const frame = `CONCAT(${columns.map(column => framedSql(column, of)).join(', ')})`
  return columns.some(({ encoding }) => isLengthened(encoding)) ? `CAST(${frame} AS BINARY)` : frame
}

/** For a SELECT: the bytes of one column, as a frame has them. */
export function fieldSql(column: AuditedColumn, of: string): string {
  return `CAST(CONCAT(${valueSql(column, of)}) AS BINARY)`
}
