import type { DatabaseEntry } from '#domain/backup/manifest'
import { quoteIdentifier } from './quote.ts'

/**
 * MySQL's READ ONLY of a database is printed as a comment that no server reads, and what is in such
 * a database can be neither made nor dropped: it is the last thing that a restore sets.
 */
export function isReadOnly({ create }: Pick<DatabaseEntry, 'create'>): boolean {
  return create.endsWith('/* READ ONLY = 1 */')
}

export function setReadOnly({ name }: Pick<DatabaseEntry, 'name'>, to: 0 | 1): string {
  return `ALTER DATABASE ${quoteIdentifier(name)} READ ONLY = ${to}`
}
