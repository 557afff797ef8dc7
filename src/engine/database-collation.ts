import type { DatabaseEntry, ProgramEntry } from '#domain/backup/manifest'
import { quoteIdentifier } from './quote.ts'

/**
 * A routine, trigger or event remembers its database's collation of the time when it was
 * made, and no clause of CREATE says it: the database has to have it for that moment.
 *
 * @returns statements to run before and after it; null where the database has it anyway
 */
export function underDatabaseCollation(
  { schema, databaseCollation }: ProgramEntry,
  databases: readonly DatabaseEntry[],
): [before: string[], after: string[]] | null {
  const database = databases.find(({ name }) => name === schema)
  if (databaseCollation === undefined || database === undefined) return null
  return [
    [`ALTER DATABASE ${quoteIdentifier(schema)} COLLATE ${databaseCollation}`],
    [alterDatabase(database)],
  ]
}

/** Brings a database that is there to the options that SHOW CREATE DATABASE printed. */
export function alterDatabase(database: DatabaseEntry): string {
  return `ALTER DATABASE ${nameAndOptions(database)}`
}

/** "`shop` DEFAULT CHARACTER SET …" */
export function nameAndOptions({ create }: DatabaseEntry): string {
  return create.replace(/^CREATE DATABASE (\/\*!\d+ IF NOT EXISTS ?\*\/ ?)?/, '')
}
