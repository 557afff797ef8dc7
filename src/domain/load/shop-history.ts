/**
 * What the shop's own history says about files that are older than the schema. The schema
 * itself is read from the server; only this is known beforehand.
 */

/** For a column that the file has not: every item was of product 1, and the primary one. */
const EARLIER_VALUES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  order_items: { product_id: '1', is_primary_item: '1' },
}

/** Names that a column had in other versions of the schema or the exports. */
const EARLIER_NAMES: Readonly<Record<string, readonly string[]>> = {
  is_repeat_session: ['is_repeated_session'],
  is_repeated_session: ['is_repeat_session'],
}

/** The value that history gives to a column which the file lacks, or undefined. */
export function earlierValue(table: string, column: string): string | undefined {
  return EARLIER_VALUES[table]?.[column]
}

/** Other names under which a file may carry this column. */
export function earlierNames(column: string): readonly string[] {
  return EARLIER_NAMES[column] ?? []
}

/**
 * References that no foreign key can hold, because the rows that they name were never
 * exported: sessions from before January 2014. A load reports how many there are.
 */
export const SOFT_REFERENCES = [
  {
    table: 'order_items',
    column: 'website_session_id',
    referencedTable: 'website_sessions',
    referencedColumn: 'website_session_id',
  },
] as const
