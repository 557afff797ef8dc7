import { EcomdbError } from '#core/errors'
import type { Manifest } from '#domain/backup/manifest'
import { onOtherServers } from '#domain/backup/other-servers'

/**
 * Told before anything is made, a drill's private server neither: a table that is a window on another server's
 * rows would be filled there, in the live table. Snapshots of
 * earlier versions have such tables.
 *
 * @throws EcomdbError UNSUPPORTED
 */
export function refuseOtherServers(
  { tables }: Manifest,
  isWanted: (schema: string) => boolean,
): void {
  const found = onOtherServers(tables.filter(({ schema }) => isWanted(schema)))
  if (found.length === 0) return
  const names = found.map(
    ({ schema, name, storageEngine }) => `${schema}.${name} (${storageEngine})`,
  )
  throw new EcomdbError('UNSUPPORTED', {
    what: `${found.length} table(s) of the snapshot have their rows on another server, and a restore would write to it`,
    why: names.slice(0, 20).join(', ') + (names.length > 20 ? ', …' : ''),
    hints: [
      'restore the databases without theirs: --databases',
      'or by hand, as RESTORE.md of the repository says, without these tables in schema.sql and their files of rows',
      'nothing was changed',
    ],
  })
}
