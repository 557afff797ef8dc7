import { definerOf, sameAccount } from '../access/definer-object.ts'
import type { AccountName } from '../schema/service-accounts.ts'
import type { Manifest } from './manifest.ts'
import { readsOfView, type ViewRead } from './view-reads.ts'

/** What an account must be allowed to do, so that a view answers that runs with its rights. */
export interface DefinerNeed {
  account: AccountName
  view: string
  privilege: 'SELECT' | 'EXECUTE'
  schema: string
  name: string
}

type Programs = Pick<Manifest, 'tables' | 'programs'>

/**
 * What the restored views need of accounts that are there already and are left as they are: SELECT on
 * what a view reads, EXECUTE on a function that it calls, which that function's own definer needs as well.
 * Bodies of functions are not read. Of what is not in the snapshot, only what is in another database counts.
 */
export function definerNeeds(
  manifest: Programs,
  isRestored: (schema: string) => boolean,
  kept: readonly AccountName[],
): DefinerNeed[] {
  const isKept = (account: AccountName | null): account is AccountName =>
    account !== null && kept.some(one => sameAccount(one, account))
  const views = manifest.programs.filter(
    ({ kind, schema, invalid }) => kind === 'view' && isRestored(schema) && invalid === undefined,
  )
  return views.flatMap(view => {
    const definer = /^[^(']*? SQL SECURITY INVOKER VIEW /.test(view.create)
      ? null
      : definerOf(view.create)
    return readsOfView(view.create).flatMap(read => {
      const schema = read.schema ?? view.schema
      const object = find(manifest, read, schema)
      if (object === undefined && isRestored(schema)) return []
      const need = {
        view: `${view.schema}.${view.name}`,
        privilege: read.kind === 'table' ? ('SELECT' as const) : ('EXECUTE' as const),
        ...{ schema, name: read.name },
      }
      const own = object && read.kind === 'function' ? ownDefiner(object) : null
      return [definer, own].filter(isKept).map(account => ({ ...need, account }))
    })
  })
}

/** With whose rights a function's body runs; null: with those of who calls it. */
function ownDefiner({ create }: { create: string }): AccountName | null {
  return /^ {4}SQL SECURITY INVOKER$/m.test(create) ? null : definerOf(create)
}

function find(
  { tables, programs }: Programs,
  { kind, name }: ViewRead,
  schema: string,
): { create: string } | undefined {
  const kinds = kind === 'function' ? ['function'] : ['view', 'sequence']
  const same = (one: { schema: string; name: string }): boolean =>
    one.schema === schema && one.name.toLowerCase() === name.toLowerCase()
  const program = programs.find(one => kinds.includes(one.kind) && same(one))
  return program ?? (kind === 'table' ? tables.find(same) : undefined)
}
