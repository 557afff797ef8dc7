import { definerOf, withDefiner } from '../access/definer-object.ts'
import {
  moveQualified,
  names,
  unqualifiedTrigger,
  withoutForeignKeys,
} from '../schema/rename-schema.ts'
import type { Manifest, ProgramEntry, TableEntry } from './manifest.ts'

/** One database of a snapshot, or some of its tables, to be restored under another name. */
export interface BesideChoice {
  schema: string
  /** Only these tables, without their triggers; null for the whole database. */
  tables: readonly string[] | null
  into: string
  /** Whom its views and routines run as: their definers have no rights on the new database. */
  owner: { user: string; host: string }
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
          program.kind === 'view' ? moveQualified(program.create, move) : program.create,
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
  { programs }: Manifest,
  tables: readonly TableEntry[],
  { schema, tables: only, into }: BesideChoice,
  notes: string[],
): ProgramEntry[] {
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
    if (program.kind !== 'view' && names(create, schema)) {
      notes.push(`${label} names ${schema} in its text: there it means the live database`)
    }
    return [{ ...program, create }]
  })
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
  return { ...table, schema: into, create: moveQualified(create, move) }
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
