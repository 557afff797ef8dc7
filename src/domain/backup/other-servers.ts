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

/**
 * The views that read one of these tables, or a view that does.
 *
 * @param routines stored functions and procedures. One whose text has the name of what is read so, as a word of
 *   its own, counts as if it read it: with these the views are those that may do so, and not those that do
 */
export function viewsOn<Found extends View>(
  views: readonly Found[],
  tables: readonly { schema: string; name: string }[],
  routines: readonly View[] = [],
): Found[] {
  const keyOf = (schema: string, name: string): string => JSON.stringify([schema, name])
  const gone = new Set(tables.map(({ schema, name }) => keyOf(schema, name)))
  const names = new Set(tables.map(({ name }) => folded(name)))
  const texts = routines.map(routine => ({ routine, words: wordsOf(routine.create) }))
  const found = new Set<Found>()
  let before = -1
  while (gone.size !== before) {
    before = gone.size
    const add = ({ schema, name }: View): void => {
      gone.add(keyOf(schema, name))
      names.add(folded(name))
    }
    for (const { routine, words } of texts) if (words.some(word => names.has(word))) add(routine)
    for (const view of views) {
      const reads = readsOfView(view.create)
      if (!reads.some(read => gone.has(keyOf(read.schema ?? view.schema, read.name)))) continue
      found.add(view)
      add(view)
    }
  }
  return views.filter(view => found.has(view))
}

/**
 * What may be a name in a text that is as its author wrote it: each word, whatever quotes are around it (one in a literal or a
 * comment would hide what follows), and each text between two quotes; folded, since servers tell a routine's name from
 * another neither by case nor by accents.
 */
export function wordsOf(text: string): string[] {
  const words = text.match(/[\w$\u0080-\uffff]+/g) ?? []
  const quoted = [...text.matchAll(/(?=(`(?:[^`]|``)+`|"(?:[^"]|"")+"))/g)].map(([, found = '']) =>
    found.slice(1, -1).replaceAll(found[0] === '`' ? '``' : '""', found[0] ?? ''),
  )
  return [...new Set([...words, ...quoted].map(folded))]
}

/** Of a name: without case and accents, as utf8mb3_general_ci has it (ß is an s there, and so are ſ and, of i, ı). */
export const folded = (name: string): string =>
  name.replaceAll('ß', 's').normalize('NFD').replace(/\p{M}/gu, '').toUpperCase()
