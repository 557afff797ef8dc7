import { keywordsOf, parseCreateTable } from '../schema/create-table.ts'
import type { TableEntry } from './manifest.ts'

/**
 * Has MariaDB filled one partition of the table's history after the other, each up to LIMIT rows? It looks at
 * that when a statement begins (10.11, measured), and a restore loads many rows with one. By INTERVAL each
 * row has its own partition.
 */
export function hasLimitedHistory({ create, rows }: Pick<TableEntry, 'create' | 'rows'>): boolean {
  return rows > 0 && / BY SYSTEM_TIME +LIMIT \d/.test(keywordsOf(parseCreateTable(create).tail))
}
