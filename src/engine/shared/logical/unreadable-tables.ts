import { EcomdbError } from '#core/errors'
import type { Catalog } from '../../logical-reader.ts'
import { SYSTEM_VERSIONED } from './read-tables.ts'

/**
 * Tables whose rows cannot be had at the consistent point, or not all of them, are refused
 * by name: leaving them out, or reading them at another moment, would be a backup that
 * looks complete and is not.
 *
 * @param transactional storage engines with transactions, in lower case
 * @throws EcomdbError UNSUPPORTED
 */
export function refuseUnreadable(catalog: Catalog, transactional: ReadonlySet<string>): void {
  const refused = catalog.tables.flatMap(({ schema, name, storageEngine }) => {
    if (storageEngine === SYSTEM_VERSIONED) return [`${schema}.${name} (its row history)`]
    return transactional.has(storageEngine.toLowerCase())
      ? []
      : [`${schema}.${name} (${storageEngine || 'no engine'})`]
  })
  if (refused.length === 0) return
  throw new EcomdbError('UNSUPPORTED', {
    what: `${refused.length} table(s) cannot be backed up logically at one point in time`,
    why: refused.slice(0, 20).join(', ') + (refused.length > 20 ? ', …' : ''),
    hints: [
      'ALTER TABLE … ENGINE=InnoDB gives a table transactions',
      'or name the databases to back up with --databases, without theirs',
    ],
  })
}
