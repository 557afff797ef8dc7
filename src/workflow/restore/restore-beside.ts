import { EcomdbError } from '#core/errors'
import { shellWord } from '#core/shell-word'
import type { Manifest } from '#domain/backup/manifest'
import { manifestBeside } from '#domain/backup/manifest-beside'
import { withoutLeavers } from '#domain/backup/without-leavers'
import { withoutSessions } from '#domain/backup/without-sessions'
import type { AccountName } from '#domain/schema/service-accounts'
import type { RestoreTarget } from '#engine/logical-writer'
import { quoteIdentifier } from '#engine/quote'
import { RESTORE_JOURNAL } from '#engine/restore-journal-database'
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
  refuseName(into, target)
  const beside = manifestBeside(snapshot.manifest, {
    ...{ ...chosen, into, owner: target.administrator },
    there: target.allDatabases,
  })
  return { snapshot: { ...snapshot, manifest: beside.manifest }, notes: beside.notes }
}

/**
 * Before anything is made: a name that the server refuses, or takes for another one, and that of the database
 * in which a restore keeps its own marks.
 *
 * @throws EcomdbError USAGE
 */
function refuseName(into: string, { settings }: RestoreTarget): void {
  const why = [
    into === RESTORE_JOURNAL && 'a restore keeps its own marks there',
    // Manuals, "Identifier Length Limits" and "Schema Object Names".
    (into === '' || into.length > 64) && 'a name has 1 to 64 characters',
    / $/.test(into) && 'a name does not end with a blank',
    /[\0\u{10000}-\u{10ffff}]/u.test(into) && 'a name has no letters beyond U+FFFF',
    settings['lower_case_table_names'] === '1' &&
      into !== into.toLowerCase() &&
      'this server has all names in lower case (lower_case_table_names = 1)',
  ].find(Boolean)
  if (!why) return
  throw new EcomdbError('USAGE', {
    what: `no database can be restored as ${JSON.stringify(into)}`,
    why,
    hints: ['give another name to --into and --confirm', 'nothing was changed'],
  })
}

/** One database: the one that is named, or the one that the tables are in. */
function chooseBeside(
  manifest: Manifest,
  databases: readonly string[],
  tables: readonly string[] | null,
): { schema: string; tables: readonly string[] | null } {
  const entries = tables?.map(name => findTable(manifest, name))
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

/**
 * A dot is a letter of names, too: `shop.old.orders` can be two tables. Each is found by its name in
 * backticks as well.
 *
 * @throws EcomdbError USAGE
 */
function findTable({ tables }: Manifest, name: string): Manifest['tables'][number] {
  const found = tables.filter(
    table =>
      `${table.schema}.${table.name}` === name ||
      `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}` === name,
  )
  const [table, other] = found
  if (table && !other) return table
  throw new EcomdbError('USAGE', {
    what: table ? `${name} can be ${found.length} tables` : `the snapshot has no table ${name}`,
    why: table
      ? 'a dot is a letter of names, too'
      : 'a table is named with its database: shop.orders',
    hints: table
      ? found.map(
          one =>
            `--table ${shellWord(`${quoteIdentifier(one.schema)}.${quoteIdentifier(one.name)}`)} is one of them`,
        )
      : ['`ecomdb restore … --dry-run` without --table prints every table'],
  })
}
