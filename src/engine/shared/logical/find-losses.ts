import { placedElsewhere } from '#domain/backup/placed-elsewhere'
import { keysOfOthers, programsOfOthers } from '#domain/backup/reaches-beyond'
import { viewsOfOthers } from '#domain/backup/views-of-others'
import { RESTORE_JOURNAL } from '../../restore-journal-database.ts'
import type { Session } from '../../session.ts'
import { isHiddenFolder } from '../hidden-folders.ts'
import { replicaLacks } from '../replica-lacks.ts'
import { hiddenResourceGroups } from './hidden-resource-groups.ts'
import type { ObservedCatalog } from './read-catalog.ts'

/** What a restore will not bring back as it is here, in words: the backup ends with exit 3. */
export async function findLosses(session: Session, catalog: ObservedCatalog): Promise<string[]> {
  return [
    ...(await replicaLacks(session)),
    ...(await forcedRecovery(session)),
    ...invalidPrograms(catalog),
    ...viewsBeyond(catalog),
    ...(await keysBeyond(session, catalog)),
    ...lossyPrograms(catalog),
    ...misplacedTables(catalog),
    ...(session.flavor.family === 'mysql' ? await secondPasswords(session) : []),
    ...(session.flavor.atLeast('mysql', 8) ? await hiddenResourceGroups(session) : []),
  ]
}

/**
 * From 1 on a SELECT goes on behind index records and pages that are damaged, without an error; from 5 on what
 * was never committed is taken for committed. The count and the hashes are of what it gives.
 *
 * Source: MySQL reference manual, "Forcing InnoDB Recovery".
 */
async function forcedRecovery(session: Session): Promise<string[]> {
  const [row] = await session.rows("SHOW GLOBAL VARIABLES LIKE 'innodb_force_recovery'")
  const level = Number(row?.['Value'] ?? 0)
  if (level === 0) return []
  const more = level < 5 ? '' : ', and counts as committed what never was'
  return [
    `innodb_force_recovery is ${level}: this server leaves out rows of damaged pages without an error${more}; compare with the snapshot before`,
  ]
}

/** A restore may be unable to make them, as the server would be now. */
function invalidPrograms({ programs }: ObservedCatalog): string[] {
  return programs.flatMap(({ kind, schema, name, invalid }) =>
    invalid === undefined
      ? []
      : [
          `${kind} ${schema}.${name} is invalid here, and will not come back until what it refers to does: ${invalid}`,
        ],
  )
}

/** A restore is refused where the server does not have what they read, and a drill fails. */
function viewsBeyond(catalog: ObservedCatalog): string[] {
  const words = viewsOfOthers(catalog, isIn(catalog)).map(
    ({ view, read }) =>
      `view ${view} reads ${read.schema}.${read.name}, and ${read.schema} is not in this backup: a server without it does not take the view; name it with --databases as well`,
  )
  return [...new Set(words)]
}

/** A server takes these without a word, and fails when they are used. What is not here, either, is broken already. */
async function keysBeyond(session: Session, catalog: ObservedCatalog): Promise<string[]> {
  const others = await databasesBeyond(session, catalog)
  return keysOfOthers(catalog.tables, isIn(catalog))
    .filter(({ schema }) => others.some(name => name.toLowerCase() === schema.toLowerCase()))
    .map(
      ({ label, schema, table }) =>
        `${label} refers to ${schema}.${table}, and ${missing(schema)} refuses each row that is written with that key; ${NAME_IT}`,
    )
}

/**
 * No loss: another job may back up what they name, and that the restore looks at. Said, and no more: each night would
 * end with 3 else.
 */
export async function programsBeyond(
  session: Session,
  catalog: ObservedCatalog,
): Promise<string[]> {
  const others = await databasesBeyond(session, catalog)
  return programsOfOthers(catalog.programs, others, isIn(catalog)).map(
    ({ labels, schema }) =>
      `${missing(schema)} takes what names it in its text, and that fails when it runs (${labels}); where no other backup has ${schema}, ${NAME_IT}`,
  )
}

const missing = (schema: string): string => `${schema} is not in this backup: a server without it`
const NAME_IT = 'name it with --databases as well'

async function databasesBeyond(session: Session, catalog: ObservedCatalog): Promise<string[]> {
  const isBackedUp = isIn(catalog)
  const rows = await session.rows('SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA')
  return rows
    .map(({ name }) => String(name))
    .filter(name => !isBackedUp(name) && name !== RESTORE_JOURNAL && !isHiddenFolder(name))
}

function isIn({ settings, databases }: ObservedCatalog): (schema: string) => boolean {
  const isFolded = settings['lower_case_table_names'] !== '0'
  const fold = (name: string): string => (isFolded ? name.toLowerCase() : name)
  const backedUp = new Set(databases.map(({ name }) => fold(name)))
  return schema => backedUp.has(fold(schema))
}

/** Restored and source read alike: nothing else tells of it. */
function lossyPrograms({ programs }: ObservedCatalog): string[] {
  return programs.flatMap(({ kind, schema, name, characterSetClient, lossy }) =>
    lossy
      ? [
          `${kind} ${schema}.${name} has bytes or letters that are not in ${characterSetClient}, its client's character set: it does not come back as it is`,
        ]
      : [],
  )
}

function misplacedTables({ tables }: ObservedCatalog): string[] {
  return tables.flatMap(({ schema, name, create }) => {
    const place = placedElsewhere(create)
    return place === null
      ? []
      : [`table ${schema}.${name} lies in ${place}: a server that lacks it refuses the restore`]
  })
}

/** MySQL's RETAIN CURRENT PASSWORD: SHOW CREATE USER knows of the newer one only. */
async function secondPasswords(session: Session): Promise<string[]> {
  const known = await session.value(
    `SELECT COUNT(*) FROM information_schema.COLUMNS
      WHERE TABLE_SCHEMA = 'mysql' AND TABLE_NAME = 'user' AND COLUMN_NAME = 'User_attributes'`,
  )
  if (known === '0') return []
  const rows = await session.rows(
    `SELECT user AS user, host AS host FROM mysql.user
      WHERE JSON_CONTAINS_PATH(User_attributes, 'one', '$.additional_password') ORDER BY 1, 2`,
  )
  return rows.map(
    ({ user, host }) =>
      `account '${user}'@'${host}' has a second password (RETAIN CURRENT PASSWORD), and comes back with the newer one only`,
  )
}
