import { formatCount } from '#core/units'
import { identifiersIn, parseCreateTable } from '../schema/create-table.ts'
import { foreignTarget } from '../schema/rename-schema.ts'
import type { ProgramEntry, TableEntry } from './manifest.ts'
import { namedDatabases } from './named-databases.ts'
import { SERVERS_OWN } from './views-of-others.ts'

/** A foreign key of a table that is restored, to one in a database that is not. */
export interface KeyOfOther {
  /** "foreign key fk_customer of table shop.orders". */
  label: string
  schema: string
  table: string
}

/** Triggers, routines, events and packages that are restored, and a database that is not, and that their texts name. */
export interface ProgramsOfOther {
  /** "trigger shop.orders_insert, procedure shop.clear": the first five, for an audit trail has three to each table. */
  labels: string
  schema: string
}

type Table = Pick<TableEntry, 'schema' | 'name' | 'create'>

/** The servers take such a key where its other table is not there (foreign_key_checks = 0), and then refuse each row. */
export function keysOfOthers(
  tables: readonly Table[],
  isRestored: (schema: string) => boolean,
): KeyOfOther[] {
  return tables
    .filter(({ schema, create }) => isRestored(schema) && create.includes(' REFERENCES '))
    .flatMap(({ schema, name, create }) =>
      parseCreateTable(create).clauses.flatMap(clause => {
        const [other, table] = foreignTarget(clause) ?? []
        if (other === undefined || table === undefined || isRestored(other)) return []
        const label = `foreign key ${identifiersIn(clause)[0]} of table ${schema}.${name}`
        return [{ label, schema: other, table }]
      }),
    )
}

/**
 * Views are no matter of this: a server refuses those that read what is not there. What was invalid on the source is
 * told as that.
 *
 * @param known databases that may be named
 */
export function programsOfOthers(
  programs: readonly ProgramEntry[],
  known: readonly string[],
  isRestored: (schema: string) => boolean,
): ProgramsOfOther[] {
  const others = known.filter(name => !isRestored(name) && !SERVERS_OWN.includes(name))
  if (others.length === 0) return []
  const named = programs
    .filter(({ kind, schema, invalid }) => {
      return isRestored(schema) && invalid === undefined && kind !== 'view' && kind !== 'sequence'
    })
    .flatMap(program =>
      namedDatabases(program, others).map(schema => ({
        label: `${program.kind} ${program.schema}.${program.name}`,
        schema,
      })),
    )
  return [...Map.groupBy(named, ({ schema }) => schema)].map(([schema, of]) => {
    const more = of.length - 5
    const first = of.slice(0, 5).map(({ label }) => label)
    return {
      schema,
      labels: `${first.join(', ')}${more > 0 ? ` and ${formatCount(more)} more` : ''}`,
    }
  })
}
