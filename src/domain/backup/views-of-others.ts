import type { ProgramEntry } from './manifest.ts'
import { columnsOfRead, readsOfView, type ViewRead } from './view-reads.ts'

/** A view of a restored database, and what it reads in one that is not restored. */
export interface ViewOfOther {
  view: string
  read: ViewRead & { schema: string }
  /** Of a table or view: those that can be told from the text. */
  columns: readonly string[]
}

/** What is in each of these comes with the server, and its names are written in several ways. */
export const SERVERS_OWN = ['mysql', 'sys', 'information_schema', 'performance_schema']

/**
 * What the views of the databases that are restored read in others: a server refuses each of them that reads
 * what is not there, when all rows are loaded. Those that were invalid on the source may be refused.
 */
export function viewsOfOthers(
  { programs }: { programs: readonly ProgramEntry[] },
  isRestored: (schema: string) => boolean,
): ViewOfOther[] {
  return programs
    .filter(
      ({ kind, schema, invalid }) => kind === 'view' && isRestored(schema) && invalid === undefined,
    )
    .flatMap(({ schema: own, name, create }) =>
      readsOfView(create).flatMap(({ schema, ...read }) =>
        schema === null || isRestored(schema) || SERVERS_OWN.includes(schema.toLowerCase())
          ? []
          : [
              {
                view: `${own}.${name}`,
                read: { ...read, schema },
                columns: read.kind === 'table' ? columnsOfRead(create, schema, read.name) : [],
              },
            ],
      ),
    )
}
