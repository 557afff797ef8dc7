import type { ProgramEntry } from './manifest.ts'
import { folded, wordsOf } from './other-servers.ts'

/**
 * A view that calls a function which runs as whoever asks (SQL SECURITY INVOKER) may set a variable of the whole server, as
 * general_log_file to any path, where an account that may do all asks it; a READ ONLY transaction keeps no SET GLOBAL
 * out. Nothing in a function is made when it runs (no PREPARE; manuals, "Restrictions on Stored Programs"), so the
 * text of one that does so has both words; to read a global variable takes the second alone.
 */
const maySet = (words: ReadonlySet<string>): boolean =>
  words.has('SET') && ['GLOBAL', 'PERSIST', 'PERSIST_ONLY'].some(word => words.has(word))

const ROUTINES: readonly ProgramEntry['kind'][] = [
  'function',
  'procedure',
  'library',
  'package',
  'package body',
]

/**
 * A procedure that is called by itself may run what it has put together, as `sys` and others have one for that, and that may set
 * one; or end the READ ONLY transaction that it is called in.
 */
const mayPrepare = (words: ReadonlySet<string>): boolean => MAY_DO_ALL.some(word => words.has(word))

const MAY_DO_ALL = [
  ...['PREPARE', 'EXECUTE', 'CALL'],
  ...['COMMIT', 'ROLLBACK', 'TRANSACTION', 'AUTOCOMMIT', 'LOCK', 'UNLOCK'],
]

/** Such routines, and what may reach one: whatever has its name, or that of what has it, as a word of its own. */
function reaching(
  programs: readonly ProgramEntry[],
  sets: (words: ReadonlySet<string>) => boolean,
): ProgramEntry[] {
  const texts = programs
    .filter(({ kind }) => kind === 'view' || ROUTINES.includes(kind))
    .map(program => ({ program, words: new Set(wordsOf(program.create)) }))
  const found = new Set<ProgramEntry>()
  const reached = new Set<string>()
  let before = -1
  while (found.size !== before) {
    before = found.size
    for (const { program, words } of texts) {
      const itself = program.kind !== 'view' && sets(words)
      if (!itself && ![...reached].some(name => words.has(name))) continue
      found.add(program)
      reached.add(folded(program.name))
    }
  }
  return [...found]
}

/** What may set one when a query reads it: nothing that a function runs may be put together, or end a transaction. */
export const readingSets = (programs: readonly ProgramEntry[]): ProgramEntry[] =>
  reaching(programs, maySet)

export const viewsThatSet = (programs: readonly ProgramEntry[]): ProgramEntry[] =>
  readingSets(programs).filter(({ kind }) => kind === 'view')

/** What may set one when it is called by itself. */
export const programsThatSet = (programs: readonly ProgramEntry[]): ProgramEntry[] =>
  reaching(programs, words => maySet(words) || mayPrepare(words))

/** To be said of those that are not asked. */
export function notAsked(views: readonly Pick<ProgramEntry, 'schema' | 'name'>[]): string {
  const names = views.map(({ schema, name }) => `\`${schema}\`.\`${name}\``)
  return names.length === 0
    ? ''
    : `; not asked: ${names.join(', ')}, which may call what sets a variable of the whole server`
}
