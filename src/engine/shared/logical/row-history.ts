import type { ColumnEntry, KeyEntry } from '#domain/backup/manifest'
import { quoteIdentifier } from '../../quote.ts'
import type { ColumnFacts } from './column-expressions.ts'

/** When the rows of a system-versioned table (MariaDB) began and ended to hold. */
export interface RowHistory {
  columns: readonly ColumnEntry[]
  end: string
}

/** Names that the columns have when the table does not name them. */
const [START, END] = ['row_start', 'row_end']

/**
 * The columns with the times of a table's rows. They may be written with
 * system_versioning_insert_history = ON, also by LOAD DATA (MariaDB 10.11, measured).
 *
 * @throws RangeError for a table whose rows have transaction numbers instead: these mean
 *   something in their own server's mysql.transaction_registry only
 */
export function historyOf(facts: readonly ColumnFacts[]): RowHistory {
  const named = (expression: string): ColumnFacts | undefined =>
    facts.find(fact => fact.expression?.toUpperCase() === expression)
  const [start, end] = [named('ROW START'), named('ROW END')]
  if (start && start.dataType.toLowerCase() !== 'timestamp') {
    throw new RangeError(`its history is by transaction numbers (column ${start.name})`)
  }
  const names = [start?.name ?? START, end?.name ?? END] as const
  return {
    columns: names.map(name => ({ name, read: quoteIdentifier(name), store: null })),
    end: names[1],
  }
}

/** A row that was has the key of the one that is: they differ by when they ended. */
export function keyWithHistory(key: KeyEntry | null, { end }: RowHistory): KeyEntry | null {
  if (key === null || key.columns.includes(end)) return key
  return { ...key, columns: [...key.columns, end] }
}
