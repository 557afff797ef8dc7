import type { Manifest } from './manifest.ts'

/** A view, and a database that has what it reads. */
export interface ViewOfOther {
  view: string
  database: string
}

/**
 * Views of the databases that are restored which read what is in one that will not be there: a server refuses
 * each of them, when all rows are loaded. Those that were invalid on the source may be refused.
 */
export function viewsOfOthers(
  { programs }: Pick<Manifest, 'programs'>,
  isWanted: (schema: string) => boolean,
  lacking: readonly string[],
): ViewOfOther[] {
  return programs
    .filter(
      ({ kind, schema, invalid }) => kind === 'view' && isWanted(schema) && invalid === undefined,
    )
    .flatMap(({ schema, name, create }) =>
      lacking
        .filter(database => readsFrom(create, database))
        .map(database => ({ view: `${schema}.${name}`, database })),
    )
}

/**
 * As the servers print it: `from `db`.`table``, `join `db`.`table``, `` `db`.`routine`( ``. One too few is
 * refused later; one too many would refuse what can be restored, so a name that is also that of a table, an
 * alias or a column (EXTRACT(YEAR FROM `alias`.`column`)) counts as nothing.
 */
function readsFrom(create: string, database: string): boolean {
  const text = withoutLiterals(create)
  const name = `\`${database.replaceAll('`', '``').replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\``
  if (new RegExp(`\\.${name}|${name}(?!\\.)`).test(text)) return false
  const quoted = '`(?:[^`]|``)+`'
  return new RegExp(`\\b(?:from|join) \\(*${name}\\.${quoted}|${name}\\.${quoted}\\(`, 'i').test(
    text,
  )
}

/** With every identifier as it is, whatever is in it. */
function withoutLiterals(text: string): string {
  return text.replace(/(`(?:[^`]|``)+`)|'(?:[^'\\]|\\.|'')*'/gs, (_, name?: string) => name ?? "''")
}
