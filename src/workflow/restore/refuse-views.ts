import { EcomdbError } from '#core/errors'
import type { Manifest } from '#domain/backup/manifest'
import { type ViewOfOther, viewsOfOthers } from '#domain/backup/views-of-others'
import type { LogicalWriter, RestoreTarget } from '#engine/logical-writer'
import type { Session } from '#engine/session'

/**
 * Told before anything is made: the server refuses such views when all rows are loaded, and again with --resume.
 * @param choosable databases that can be restored together with these
 */
export async function refuseViewsOfOthers(
  writer: LogicalWriter,
  session: Session,
  target: RestoreTarget,
  manifest: Manifest,
  isWanted: (schema: string) => boolean,
  choosable: readonly string[],
): Promise<void> {
  const made = manifest.databases.map(({ name }) => name).filter(isWanted)
  const isFolded = target.settings['lower_case_table_names'] !== '0'
  const fold = (name: string): string => (isFolded ? name.toLowerCase() : name)
  const reads = viewsOfOthers(manifest, schema => made.some(name => fold(name) === fold(schema)))
  const databases = [...new Set(reads.map(({ read }) => read.schema))]
  const there = await writer.objectsThere(session, databases)
  const keyOf = ({ kind, schema, name }: ViewOfOther['read']): string =>
    JSON.stringify([kind, fold(schema), kind === 'function' ? name.toLowerCase() : fold(name)])
  const keys = new Set(there.map(keyOf))
  const lacking = reads.filter(({ read }) => !keys.has(keyOf(read)))
  if (lacking.length === 0) return
  const has = (schema: string): boolean =>
    target.allDatabases.some(name => fold(name) === fold(schema))
  const named = lacking.map(
    ({ view, read }) =>
      `${view} (${has(read.schema) ? `${read.schema}.${read.name}` : read.schema})`,
  )
  const those = [...new Set(named)]
  const others = [...new Set(lacking.map(({ read }) => read.schema))]
  const isEmpty = (schema: string): boolean =>
    target.databases.every(({ name, objects }) => name !== schema || objects === 0)
  const together = others.filter(name => choosable.includes(name) && isEmpty(name))
  throw new EcomdbError('UNSUPPORTED', {
    what: 'cannot restore these databases alone: their views read others, which the server does not have, or not whole',
    why: `${new Set(lacking.map(({ view }) => view)).size} do so: ${those.slice(0, 5).join(', ')}`,
    hints: [
      together.length > 0
        ? `restore them together, with ${together.map(name => `--databases ${name}`).join(' ')} as well`
        : `restore or make first what they read in ${others.join(', ')}`,
      'nothing was changed',
    ],
  })
}
