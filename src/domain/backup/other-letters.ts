import type { Manifest } from './manifest.ts'
import { codeOf } from './named-databases.ts'

/** Where a name is that of a table: behind these words, or before a point and what is in it. */
const BEFORE =
  '\\b(?:from|join|into|update|table|view|delete|insert|replace|truncate|ignore|low_priority|delayed|quick)[\\s(]+'

/**
 * Programs whose text has the name of a restored table or database in other letters than its own: on a server with
 * lower_case_table_names = 0 it means another one there, or none, and that shows when the program runs. Views are not among
 * them: the server says it when they are made.
 *
 * @returns "trigger shop.t (Orders)"
 */
export function programsInOtherLetters(
  { databases, tables, programs }: Pick<Manifest, 'databases' | 'tables' | 'programs'>,
  isWanted: (schema: string) => boolean,
): string[] {
  const isTable = ({ kind }: Manifest['programs'][number]): boolean =>
    kind === 'view' || kind === 'sequence'
  const objects = [...tables, ...programs.filter(isTable)].filter(({ schema }) => isWanted(schema))
  const names = new Set([
    ...databases.map(({ name }) => name).filter(isWanted),
    ...objects.map(({ name }) => name),
  ])
  const folded = new Set([...names].map(name => name.toLowerCase()))
  return programs
    .filter(program => isWanted(program.schema) && !isTable(program))
    .flatMap(program => {
      const found = tableNamesIn(codeOf(program)).filter(
        name => !names.has(name) && folded.has(name.toLowerCase()),
      )
      const { kind, schema, name } = program
      return found.length > 0
        ? [`${kind} ${schema}.${name} (${[...new Set(found)].join(', ')})`]
        : []
    })
}

function tableNamesIn(code: string): string[] {
  const name = '(?:`((?:[^`]|``)+)`|((?<![\\w$@`"])[\\w$\\u0080-\\uffff]+))'
  const qualified = `${name}(?=\\s*\\.\\s*[\\w$\`"\\u0080-\\uffff])`
  const inDatabase = `(?<=${BEFORE}(?:\`[^\`]+\`|[\\w$]+)\\s*\\.\\s*)${name}`
  return [`(?<=${BEFORE})${name}`, qualified, inDatabase]
    .flatMap(pattern => Array.from(code.matchAll(new RegExp(pattern, 'gi'))))
    .map(([, quoted, plain]) => quoted?.replaceAll('``', '`') ?? plain ?? '')
    .filter(found => !/^(?:old|new)$/i.test(found))
}
