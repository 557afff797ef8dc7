import type { TableEntry } from '#domain/backup/manifest'
import type { EngineFamily } from '#domain/engine-family'
import { parseCreateTable } from '#domain/schema/create-table'
import { columnsWithoutDefault } from '#domain/schema/without-default'
import { quoteIdentifier, quoteQualified } from './quote.ts'

/**
 * What takes the default of NULL away from columns that had none, behind CREATE TABLE. It changes no row. MariaDB takes
 * the statement, and leaves the default (10.11): nothing there.
 */
export function dropDefaults(
  engine: EngineFamily,
  { schema, name, create }: Pick<TableEntry, 'schema' | 'name' | 'create'>,
): string[] {
  if (engine !== 'mysql') return []
  const columns = columnsWithoutDefault(parseCreateTable(create))
  if (columns.length === 0) return []
  const clauses = columns.map(column => `ALTER COLUMN ${quoteIdentifier(column)} DROP DEFAULT`)
  return [`ALTER TABLE ${quoteQualified(schema, name)} ${clauses.join(', ')}`]
}
