import { autoIncrementColumn } from '#domain/backup/deferred-indexes'
import type { ColumnEntry, TableEntry } from '#domain/backup/manifest'
import { quoteIdentifier, quoteQualified, quoteString } from '../../quote.ts'

/** The parts of a table's entry that loading needs. */
export type LoadableTable = Pick<TableEntry, 'schema' | 'name' | 'columns' | 'create'>

/**
 * LOAD DATA in its default text format. Character set binary: each column takes the bytes
 * as they are. A field with an expression goes through a variable of its own. So does the
 * AUTO_INCREMENT column beside one: a SET of other columns makes MariaDB forget that it was
 * given, and a 0 becomes the next number, NO_AUTO_VALUE_ON_ZERO or not (10.11, measured).
 *
 * @param file what the client is asked for; ours answers with rows whatever it is
 */
export function loadStatement(table: LoadableTable, file = 'rows'): string {
  const counter = table.columns.some(({ store }) => store !== null)
    ? autoIncrementColumn(table.create)
    : null
  const storeOf = ({ name, store }: ColumnEntry): string | null =>
    store ?? (name === counter ? '@v' : null)
  const fields = table.columns.map((column, place) =>
    storeOf(column) === null ? quoteIdentifier(column.name) : `@v${place}`,
  )
  const stores = table.columns.flatMap((column, place) => {
    const store = storeOf(column)
    return store === null
      ? []
      : [`${quoteIdentifier(column.name)} = ${withValue(store, `@v${place}`)}`]
  })
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
