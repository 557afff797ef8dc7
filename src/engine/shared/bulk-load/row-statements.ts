import type { ColumnEntry, TableEntry } from '#domain/backup/manifest'
import { quoteIdentifier, quoteQualified, quoteString } from '../../quote.ts'

/** The parts of a table's entry that loading needs. */
export type LoadableTable = Pick<TableEntry, 'schema' | 'name' | 'columns'>

/**
 * LOAD DATA in its default text format. Character set binary: each column takes the bytes
 * as they are. A field with an expression goes through a variable of its own.
 *
 * @param file what the client is asked for; ours answers with rows whatever it is
 */
export function loadStatement(table: LoadableTable, file = 'rows'): string {
  const fields = table.columns.map((column, place) =>
    column.store === null ? quoteIdentifier(column.name) : `@v${place}`,
  )
  const stores = table.columns.flatMap((column, place) =>
    column.store === null
      ? []
      : [`${quoteIdentifier(column.name)} = ${withValue(column.store, `@v${place}`)}`],
  )
  return (
    `LOAD DATA LOCAL INFILE ${quoteString(file)} INTO TABLE ${quoteQualified(table.schema, table.name)}` +
    ` CHARACTER SET binary (${fields.join(', ')})${stores.length ? ` SET ${stores.join(', ')}` : ''}`
  )
}

/** "INSERT INTO `s`.`t` (`a`, `b`) VALUES " */
export function insertHead(table: LoadableTable): string {
  const names = table.columns.map(column => quoteIdentifier(column.name)).join(', ')
  return `INSERT INTO ${quoteQualified(table.schema, table.name)} (${names}) VALUES `
}

/** The text before and after a value in a row of an INSERT, for each place the value stands. */
export function valueFrame(column: ColumnEntry): readonly string[] {
  return column.store === null ? ['', ''] : column.store.split(VALUE)
}

/** @v where it is the whole name of the variable. */
const VALUE = /@v(?![A-Za-z0-9_$.])/

function withValue(store: string, value: string): string {
  return store.split(VALUE).join(value)
}
