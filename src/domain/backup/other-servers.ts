import type { ProgramEntry, TableEntry } from './manifest.ts'
import { readsOfView } from './view-reads.ts'

/**
 * Storage engines, in lower case, whose tables are a window on rows that lie on another server: what is
 * written to a copy of such a table is written there.
 */
export const OTHER_SERVERS: readonly string[] = ['federated', 'spider', 'connect', 's3']

/** Tables that are such a window. */
export function onOtherServers<Table extends Pick<TableEntry, 'storageEngine'>>(
  tables: readonly Table[],
): Table[] {
  return tables.filter(({ storageEngine }) => OTHER_SERVERS.includes(storageEngine.toLowerCase()))
}

type View = Pick<ProgramEntry, 'schema' | 'name' | 'create'>

/** The views that read one of these tables, or a view that does. */
export function viewsOn<Found extends View>(
  views: readonly Found[],
  tables: readonly { schema: string; name: string }[],
): Found[] {
  const keyOf = (schema: string, name: string): string => JSON.stringify([schema, name])
  const gone = new Set(tables.map(({ schema, name }) => keyOf(schema, name)))
  const found = new Set<Found>()
  let before = -1
  while (found.size !== before) {
    before = found.size
    for (const view of views) {
      const reads = readsOfView(view.create)
      if (!reads.some(read => gone.has(keyOf(read.schema ?? view.schema, read.name)))) continue
      found.add(view)
      gone.add(keyOf(view.schema, view.name))
    }
  }
  return views.filter(view => found.has(view))
}
