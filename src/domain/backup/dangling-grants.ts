import type { AccountEntry, Manifest } from './manifest.ts'
import { grantTarget } from './restored-accounts.ts'

/** Databases that every server has: what is in them is not in a snapshot, and is there. */
const SERVERS_OWN: ReadonlySet<string> = new Set([
  'mysql',
  'sys',
  'information_schema',
  'performance_schema',
])

/**
 * The accounts, without grants on a table, view or routine that the snapshot does not have:
 * of a database that was not backed up, or dropped since the grant was made. Neither engine
 * takes such a grant (error 1146, 1305), although both keep one when its table is dropped.
 * A grant on a whole database needs nothing to be there, and stays.
 *
 * @returns the accounts as a restore can make them, and what is left out, for the user to see
 */
export function withoutDanglingGrants(
  accounts: readonly AccountEntry[],
  manifest: Pick<Manifest, 'tables' | 'programs'>,
): { accounts: AccountEntry[]; leftOut: string[] } {
  const objects = objectsOf(manifest)
  const dangles = (grant: string): boolean => {
    const target = grantTarget(grant)
    if (target === null || target.name === null || SERVERS_OWN.has(target.database)) return false
    return !objects.has(keyOf(target.kind, target.database, target.name))
  }
  return {
    accounts: accounts.map(account => ({
      ...account,
      grants: account.grants.filter(grant => !dangles(grant)),
    })),
    leftOut: accounts.flatMap(({ grants }) => grants.filter(dangles)),
  }
}

function objectsOf({ tables, programs }: Pick<Manifest, 'tables' | 'programs'>): Set<string> {
  const isTable = (kind: string): boolean => kind === 'view' || kind === 'sequence'
  return new Set([
    ...tables.map(({ schema, name }) => keyOf('table', schema, name)),
    ...programs.map(({ kind, schema, name }) =>
      keyOf(isTable(kind) ? 'table' : 'routine', schema, name),
    ),
  ])
}

/** Without case: MySQL prints a routine's name in lower case, whatever it was made as. */
function keyOf(kind: 'table' | 'routine', database: string, name: string): string {
  return JSON.stringify([kind, database.toLowerCase(), name.toLowerCase()])
}
