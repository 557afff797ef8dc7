import { EcomdbError } from '#core/errors'
import { rightsOn } from '#domain/access/effective'
import type { ObservedAccess } from '#domain/access/observed'
import { type DefinerNeed, definerNeeds } from '#domain/backup/definer-needs'
import type { Manifest } from '#domain/backup/manifest'
import type { RestorePlan } from '#domain/backup/restore-plan'
import { grantTarget } from '#domain/backup/restored-accounts'
import { type ViewOfOther, viewsOfOthers } from '#domain/backup/views-of-others'
import type { Engine } from '#engine/engine'
import { grantOnDatabase } from '#engine/grant-on-database'
import type { LogicalWriter, RestoreTarget } from '#engine/logical-writer'
import { quoteAccount } from '#engine/quote'
import type { Session } from '#engine/session'

/**
 * Told before anything is made: the server refuses such views when all rows are loaded, and again with --resume.
 * @param choosable databases that can be restored together with these
 */
export async function refuseViewsOfOthers(
  writer: LogicalWriter,
  session: Session,
  target: RestoreTarget,
  manifest: Manifest,
  isWanted: (schema: string) => boolean,
  choosable: readonly string[],
): Promise<void> {
  const made = manifest.databases.map(({ name }) => name).filter(isWanted)
  const isFolded = target.settings['lower_case_table_names'] !== '0'
  const fold = (name: string): string => (isFolded ? name.toLowerCase() : name)
  const reads = viewsOfOthers(manifest, schema => made.some(name => fold(name) === fold(schema)))
  const databases = [...new Set(reads.map(({ read }) => read.schema))]
  const there = await writer.objectsThere(session, databases)
  const keyOf = ({ kind, schema, name }: ViewOfOther['read']): string =>
    JSON.stringify([kind, fold(schema), kind === 'function' ? name.toLowerCase() : fold(name)])
  const found = new Map(there.map(one => [keyOf(one), one.columns.map(name => name.toLowerCase())]))
  const lacking = reads.flatMap((one): (ViewOfOther & { column: string | null })[] => {
    const has = found.get(keyOf(one.read))
    if (!has) return [{ ...one, column: null }]
    const column = has.length > 0 ? one.columns.find(name => !isColumn(name, has)) : undefined
    return column === undefined ? [] : [{ ...one, column }]
  })
  if (lacking.length === 0) return
  const has = (schema: string): boolean =>
    target.allDatabases.some(name => fold(name) === fold(schema))
  const named = lacking.map(
    ({ view, read: { schema, name }, column }) =>
      `${view} (${has(schema) ? `${schema}.${name}${column === null ? '' : `.${column}`}` : schema})`,
  )
  const those = [...new Set(named)]
  const others = [...new Set(lacking.map(({ read }) => read.schema))]
  const isEmpty = (schema: string): boolean =>
    target.databases.every(({ name, objects }) => name !== schema || objects === 0)
  const together = others.filter(name => choosable.includes(name) && isEmpty(name))
  throw new EcomdbError('UNSUPPORTED', {
    what: 'cannot restore these databases alone: their views read others, which the server does not have, or not whole',
    why: `${new Set(lacking.map(({ view }) => view)).size} do so: ${those.slice(0, 5).join(', ')}`,
    hints: [
      together.length > 0
        ? `restore them together, with ${together.map(name => `--databases ${name}`).join(' ')} as well`
        : `restore or make first what they read in ${others.join(', ')}`,
      'nothing was changed',
    ],
  })
}

/** Those that no table of columns tells: of a row's history, of a key, of a table without one. */
const UNTOLD = ['row_start', 'row_end', '_rowid', 'my_row_id']

function isColumn(name: string, has: readonly string[]): boolean {
  const folded = name.toLowerCase()
  return has.includes(folded) || UNTOLD.includes(folded)
}

/**
 * Told before anything is made: an account that is there already keeps the rights that it has, and where a view
 * runs as it and may not read what it needs, the server refuses that view, or what reads it, behind all rows.
 */
export async function refusePowerlessDefiners(
  engine: Engine,
  session: Session,
  manifest: Manifest,
  isWanted: (schema: string) => boolean,
  { kept, makes }: RestorePlan,
): Promise<void> {
  const needs = definerNeeds(manifest, isWanted, kept)
  // What everybody may do comes with the restore.
  if (needs.length === 0 || makes.accounts.some(({ user }) => user === 'PUBLIC')) return
  const observed = await observedAccess(engine, session)
  if (observed === null) return
  const lacking = needs.filter(({ account, privilege, schema, name }) => {
    const thing = { schema, name, ...(privilege === 'EXECUTE' ? { routine: 'FUNCTION' } : {}) }
    return !rightsOn(observed, account, thing).some(({ right }) => right.privilege === privilege)
  })
  if (lacking.length === 0) return
  const named = lacking.map(
    ({ account, view, privilege, schema, name }) =>
      `${view} runs as ${quoteAccount(account.user, account.host)}, without ${privilege} on ${schema}.${name}`,
  )
  throw new EcomdbError('UNSUPPORTED', {
    what: 'cannot restore: views run as accounts that the server has already, and that may not read there what the views read',
    why: `${named.length} such: ${named.slice(0, 5).join('; ')}`,
    hints: [
      `as an administrator: ${grantsFor(lacking, manifest, observed).join('; ')}`,
      'or drop the account, where nothing else needs it: then it comes back with the rights that it had',
      'nothing was changed',
    ],
  })
}

/** null where they cannot be read, by this account or here; then the server says in the end what it refuses. */
async function observedAccess(engine: Engine, session: Session): Promise<ObservedAccess | null> {
  try {
    return await engine.accessCatalog.observe(session)
  } catch (error) {
    if (error instanceof EcomdbError && error.code !== 'SERVER_LOST') return null
    throw error
  }
}

/** As on the source, where that was on the whole database; a table cannot be named before it is there. */
function grantsFor(
  lacking: readonly DefinerNeed[],
  { accounts }: Manifest,
  { literalSchemas }: ObservedAccess,
): string[] {
  const grants = lacking.flatMap(({ account, privilege, schema }) => {
    const had = accounts.find(({ user, host }) => user === account.user && host === account.host)
    const whole = had?.grants.filter(grant => {
      const target = grantTarget(grant)
      return target?.database === schema && target.name === null
    })
    return whole?.length ? whole : [grantOnDatabase(privilege, schema, account, literalSchemas)]
  })
  return [...new Set(grants)]
}
