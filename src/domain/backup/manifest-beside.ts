import { definerOf, withDefiner } from '../access/definer-object.ts'
import {
  moveQualified,
  names,
  unqualifiedTrigger,
  withoutForeignKeys,
} from '../schema/rename-schema.ts'
import type { Manifest, ProgramEntry, TableEntry } from './manifest.ts'
import { namedDatabases } from './named-databases.ts'
import { movedReads } from './view-reads.ts'

/** One database of a snapshot, or some of its tables, to be restored under another name. */
export interface BesideChoice {
  schema: string
  /** Only these tables, without their triggers; null for the whole database. */
  tables: readonly string[] | null
  into: string
  /** Whom its views and routines run as: their definers have no rights on the new database. */
  owner: { user: string; host: string }
  /** The databases of the server that it is restored into. */
  there: readonly string[]
}

/**
 * The manifest of a snapshot that has `into` instead, and nothing else: restored beside the
 * live database it touches none of that. Definitions are what the server will print there,
 * so that they can be compared byte for byte.
 */
export function manifestBeside(
  manifest: Manifest,
  choice: BesideChoice,
): { manifest: Manifest; notes: string[] } {
  const { schema, into } = choice
  const notes: string[] = []
  const chosen = manifest.tables.filter(
    table => table.schema === schema && (choice.tables?.includes(table.name) ?? true),
  )
  const programs = programsBeside(manifest, chosen, choice, notes)
  const move = {
    from: schema,
    to: into,
    moved: new Set(programs.filter(isNamedWithDatabase).map(({ name }) => name)),
  }
  const selfNaming = programs.some(({ kind, create }) => kind !== 'view' && names(create, schema))
  return {
    manifest: {
      ...manifest,
      databases: manifest.databases
        .filter(({ name }) => name === schema)
        .map(({ create }) => ({ name: into, create: renamedDatabase(create, choice) })),
      tables: chosen.map(table => tableBeside(table, chosen, choice, move, notes)),
      programs: programs.map(program => ({
        ...program,
        schema: into,
        create: rehomed(
          program.kind === 'view'
            ? moveQualified(movedReads(program.create, schema, into), move)
            : program.create,
          choice.owner,
        ),
      })),
      accounts: [],
      serverObjects: [],
      // What names the live database would answer from it.
      probes: choice.tables || selfNaming ? [] : probesBeside(manifest, choice),
    },
    notes,
  }
}

function programsBeside(
  { programs, databases }: Manifest,
  tables: readonly TableEntry[],
  choice: BesideChoice,
  notes: string[],
): ProgramEntry[] {
  const { schema, tables: only, into } = choice
  const mine = programs.filter(program => program.schema === schema)
  if (only !== null) {
    notes.push(`only tables and the sequences that they use: triggers are not made in ${into}`)
    return mine.filter(
      ({ kind, name }) =>
        kind === 'sequence' && tables.some(({ create }) => create.includes(`\`${name}\``)),
    )
  }
  return mine.flatMap(program => {
    const label = `${program.kind} ${program.name}`
    const create = program.kind === 'trigger' ? unqualifiedTrigger(program.create) : program.create
    if (create === null) {
      notes.push(`left out, for it cannot be told which table its text names: ${label}`)
      return []
    }
    const others = new Set([...databases.map(({ name }) => name), ...choice.there])
    const known = [...others].filter(name => name !== schema && name !== into).sort()
    const named = [
      ...(program.kind !== 'view' && names(create, schema) ? [schema] : []),
      ...namedDatabases({ ...program, create }, known),
    ]
    if (named.length > 0) notes.push(`${label} names ${whatIsMeant(program, named, choice)}`)
    return [{ ...program, create }]
  })
}

/** When a program of the copy reaches out of it. */
const REACHES: Readonly<Partial<Record<ProgramEntry['kind'], string>>> = {
  trigger: 'it fires with every row that is written in',
  event: 'it runs once it is enabled in',
  view: 'it is read through',
}

/** Its text stays as it is: nothing can tell which of the two its author would want. */
function whatIsMeant(
  { kind }: ProgramEntry,
  named: readonly string[],
  { into, there }: BesideChoice,
): string {
  const live = named.filter(name => there.includes(name))
  const lacking = named.filter(name => !live.includes(name))
  const means = live.length === 1 ? 'the live database' : 'the live databases'
  return [
    `${named.join(', ')} in its text`,
    ...(live.length > 0
      ? [`that means ${means}, and ${REACHES[kind] ?? 'it is called from'} ${into}`]
      : []),
    ...(lacking.length > 0 ? [`this server has no ${lacking.join(', ')}`] : []),
  ].join('; ')
}

/** The servers print these with their database. */
function isNamedWithDatabase({ kind }: ProgramEntry): boolean {
  return kind === 'sequence' || kind === 'function' || kind === 'package'
}

function tableBeside(
  table: TableEntry,
  chosen: readonly TableEntry[],
  { into }: BesideChoice,
  move: Parameters<typeof moveQualified>[1],
  notes: string[],
): TableEntry {
  const { create, left } = withoutForeignKeys(table.create, name =>
    chosen.some(one => one.name === name),
  )
  if (left.length) {
    notes.push(`left out: foreign keys of ${table.name} to ${left.join(', ')}`)
  }
  const moved = moveQualified(create, move)
  const others = sequencesOfOthers(moved, into)
  if (others.length) {
    notes.push(
      `table ${table.name} takes numbers from ${others.join(', ')}: a row without one that is written in ${into} takes it from there`,
    )
  }
  return { ...table, schema: into, create: moved }
}

/** MariaDB: what a DEFAULT takes its numbers from, in another database. */
function sequencesOfOthers(create: string, into: string): string[] {
  const name = '(`(?:[^`]|``)+`)'
  const found = create.matchAll(new RegExp(`\\b(?:nextval|setval)\\(${name}\\.${name}`, 'gi'))
  const others = Array.from(found).filter(([, schema]) => schema !== quoted(into))
  return [...new Set(others.map(([, schema = '', sequence = '']) => `${schema}.${sequence}`))]
}

function renamedDatabase(create: string, { schema, into }: BesideChoice): string {
  return create.replace(quoted(schema), () => quoted(into))
}

function probesBeside({ probes }: Manifest, { schema, into }: BesideChoice): Manifest['probes'] {
  return probes
    .filter(probe => probe.schema === schema)
    .map(probe => ({
      ...probe,
      schema: into,
      sql: probe.sql.replace(`${quoted(schema)}.`, () => `${quoted(into)}.`),
    }))
}

/** A sequence runs as nobody. */
function rehomed(create: string, owner: BesideChoice['owner']): string {
  return definerOf(create) === null ? create : withDefiner(create, owner)
}

const quoted = (name: string): string => `\`${name.replaceAll('`', '``')}\``
