import { identifiersIn, parseCreateTable } from '../schema/create-table.ts'
import { type GrantPiece, piecesByColumn, withoutColumns } from './grant-columns.ts'
import type { AccountEntry, Manifest } from './manifest.ts'
import { grantTarget } from './restored-accounts.ts'

/** Databases that every server has: what is in them is not in a snapshot, and is there. */
const SERVERS_OWN: ReadonlySet<string> = new Set([
  'mysql',
  'sys',
  'information_schema',
  'performance_schema',
])

type Content = Pick<Manifest, 'tables' | 'programs' | 'settings'>

/**
 * The accounts, without grants on a table, view or routine that the snapshot does not have:
 * of a database that was not backed up, or dropped since the grant was made. Neither engine
 * takes such a grant (error 1146, 1305), although both keep one when its table is dropped.
 * Neither takes one on a column that is gone (1054): such columns are left out.
 * A grant on a whole database needs nothing to be there, and stays.
 *
 * @returns the accounts as a restore can make them, and what is left out, for the user to see
 */
export function withoutDanglingGrants(
  accounts: readonly AccountEntry[],
  manifest: Content,
): { accounts: AccountEntry[]; leftOut: string[] } {
  const keyOf = keysFor(manifest)
  const objects = objectsOf(manifest, keyOf)
  const columns = columnsOf(manifest, keyOf)
  const grantable = (grant: string): string | null => {
    const target = grantTarget(grant)
    if (target === null || target.name === null || SERVERS_OWN.has(target.database)) return grant
    const key = keyOf(target.kind, target.database, target.name)
    if (!objects.has(key)) return null
    const mine = columns.get(key)
    return mine === undefined ? grant : withoutColumns(grant, name => !mine.has(name))
  }
  return {
    accounts: accounts.map(account => ({
      ...account,
      grants: account.grants.flatMap(grant => grantable(grant) ?? []),
    })),
    leftOut: accounts.flatMap(({ grants }) => grants.filter(grant => grantable(grant) !== grant)),
  }
}

/**
 * Is a grant on an object of the server's own databases? What is there no snapshot tells: a table of `mysql` that
 * an upgrade has dropped (`mysql.proc` of 5.7) keeps its grants, and no server takes them again (error 1146).
 */
export function mayBeRefused(grant: string): boolean {
  const target = grantTarget(grant)
  return target !== null && target.name !== null && SERVERS_OWN.has(target.database)
}

/** Is a grant, as SHOW GRANTS prints it, on a view of the snapshot? */
export function onViewOf(manifest: Content): (grant: string) => boolean {
  const keyOf = keysFor(manifest)
  const views = manifest.programs.filter(({ kind }) => kind === 'view')
  const keys = new Set(views.map(({ schema, name }) => keyOf('table', schema, name)))
  return grant => {
    const target = grantTarget(grant)
    if (target === null || target.name === null) return false
    return keys.has(keyOf(target.kind, target.database, target.name))
  }
}

/** A grant as statements of which a server takes or refuses each for itself. */
export function grantPieces(grant: string, isOnView: boolean): GrantPiece[] {
  if (mayBeRefused(grant)) return [{ sql: grant, mayFail: true }]
  return isOnView ? piecesByColumn(grant) : [{ sql: grant }]
}

/** The names of each table's columns, in lower case. */
function columnsOf(
  { tables }: Pick<Manifest, 'tables'>,
  keyOf: KeyOf,
): Map<string, ReadonlySet<string>> {
  return new Map(
    tables.map(({ schema, name, create }) => {
      const columns = parseCreateTable(create).clauses.filter(clause => clause.startsWith('`'))
      const names = columns.map(column => identifiersIn(column)[0]?.toLowerCase() ?? '')
      return [keyOf('table', schema, name), new Set(names)]
    }),
  )
}

function objectsOf(
  { tables, programs }: Pick<Manifest, 'tables' | 'programs'>,
  keyOf: KeyOf,
): Set<string> {
  const isTable = (kind: string): boolean => kind === 'view' || kind === 'sequence'
  return new Set([
    ...tables.map(({ schema, name }) => keyOf('table', schema, name)),
    ...programs.map(({ kind, schema, name }) =>
      keyOf(isTable(kind) ? 'table' : 'routine', schema, name),
    ),
  ])
}

type KeyOf = (kind: 'table' | 'routine', database: string, name: string) => string

/**
 * A routine's name without case: MySQL prints it in lower case, whatever it was made as. Of tables `Orders` is
 * another one than `orders` where lower_case_table_names is 0: a grant on the one is none on the other.
 */
function keysFor({ settings }: Pick<Manifest, 'settings'>): KeyOf {
  const isExact = settings['lower_case_table_names'] === '0'
  const fold = (name: string): string => (isExact ? name : name.toLowerCase())
  return (kind, database, name) =>
    JSON.stringify([kind, fold(database), kind === 'table' ? fold(name) : name.toLowerCase()])
}
