import type { ColumnEncoding } from '#domain/audit/canonical'
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
  [/^(char|varchar|tinytext|text|enum|set|uuid|inet4|inet6)$/, 'text-sized'],
  [/^(mediumtext|longtext|json)$/, 'text-digest'],
  [/^(binary|varbinary|tinyblob|blob)$/, 'bytes-sized'],
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
    case 'text-sized':
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

const isSized = ({ encoding }: AuditedColumn): boolean => encoding.endsWith('-sized')

/** Its length, a colon and its bytes. */
function framedSql(column: AuditedColumn, of: string): string {
  const value = valueSql(column, of)
  const bytes = column.encoding === 'text-sized' ? `CAST(${value} AS BINARY)` : value
  return `LENGTH(${value}), ':', ${bytes}`
}

/** What a row has of a column. CONCAT_WS leaves a NULL out: one that has a size says it there. */
function rowItemsSql(column: AuditedColumn, of: string): string[] {
  const value = valueSql(column, of)
  const orNull = (item: string): string => (column.nullable ? `IFNULL(${item}, '~')` : item)
  return isSized(column) ? [orNull(`LENGTH(${value})`), value] : [orNull(value)]
}

/**
 * A salt and a row's canonical bytes (docs/audit-format.md). The server prepares every item of an
 * expression anew with each row: lengths where a comma would do cost a fifth of the trigger.
 *
 * @param salt a BINARY column, in SQL: text beside it is taken as the bytes that it is, and what is no
 *   column would be read as text of the text's character set
 */
export function saltedRowSql(columns: readonly AuditedColumn[], of: string, salt: string): string {
  const items = columns.flatMap(column => rowItemsSql(column, of))
  return `CONCAT_WS(',', ${[salt, ...items].join(', ')})`
}

/** The frame of the primary key. */
export function keySql(columns: readonly AuditedColumn[], of: string): string {
  const frame = `CONCAT(${columns.map(column => framedSql(column, of)).join(', ')})`
  return columns.some(isSized) ? `CAST(${frame} AS BINARY)` : frame
}

/** For a SELECT: the bytes of one column, as a frame has them. */
export function fieldSql(column: AuditedColumn, of: string): string {
  return `CAST(CONCAT(${valueSql(column, of)}) AS BINARY)`
}
