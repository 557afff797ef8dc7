import { EcomdbError } from '#core/errors'
import type { Manifest } from '#domain/backup/manifest'
import { manifestBeside } from '#domain/backup/manifest-beside'
import { withoutLeavers } from '#domain/backup/without-leavers'
import { withoutSessions } from '#domain/backup/without-sessions'
import type { AccountName } from '#domain/schema/service-accounts'
import type { Session } from '#engine/session'
import type { OpenedSnapshot } from './open-snapshot.ts'
import type { RestoreOptions, RestorePlace } from './restore-options.ts'

/**
 * The snapshot as it is restored: the same without people who have left, or the one database
 * that was asked for under another name, so that it stands beside the live one.
 *
 * @throws EcomdbError USAGE
 */
export async function snapshotBeside(
  { databases, tables, into, sequel, inside }: RestoreOptions,
  leavers: readonly AccountName[],
  snapshot: OpenedSnapshot,
  { engine }: RestorePlace,
  session: Session,
): Promise<{ snapshot: OpenedSnapshot; notes: readonly string[] }> {
  if (into === undefined) {
    // A replay may name them, and a drill compares all.
    const lasting =
      sequel || inside
        ? { manifest: snapshot.manifest, notes: [] }
        : withoutSessions(snapshot.manifest)
    const { manifest, notes } = withoutLeavers(lasting.manifest, leavers)
    return { snapshot: { ...snapshot, manifest }, notes: [...lasting.notes, ...notes] }
  }
  const chosen = chooseBeside(snapshot.manifest, databases ?? [], tables ?? null)
  const target = await engine.logicalWriter.observe(session, snapshot.manifest)
  const beside = manifestBeside(snapshot.manifest, {
    ...{ ...chosen, into, owner: target.administrator },
    there: target.allDatabases,
  })
  return { snapshot: { ...snapshot, manifest: beside.manifest }, notes: beside.notes }
}

/** One database: the one that is named, or the one that the tables are in. */
function chooseBeside(
  manifest: Manifest,
  databases: readonly string[],
  tables: readonly string[] | null,
): { schema: string; tables: readonly string[] | null } {
  const entries = tables?.map(name => {
    const found = manifest.tables.find(table => `${table.schema}.${table.name}` === name)
    if (found) return found
    throw new EcomdbError('USAGE', {
      what: `the snapshot has no table ${name}`,
      why: 'a table is named with its database: shop.orders',
      hints: ['`ecomdb restore … --dry-run` without --table prints every table'],
    })
  })
  const schemas = new Set([...databases, ...(entries ?? []).map(({ schema }) => schema)])
  const [schema] = schemas
  if (schema === undefined || schemas.size > 1) {
    throw new EcomdbError('USAGE', {
      what: '--into takes one database',
      why: schemas.size > 1 ? `these are ${[...schemas].join(', ')}` : 'none was named',
      hints: ['name it with --databases, or some of its tables with --table'],
    })
  }
  return { schema, tables: entries?.map(({ name }) => name) ?? null }
}
