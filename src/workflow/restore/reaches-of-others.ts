import { countOf } from '#core/units'
import type { Manifest } from '#domain/backup/manifest'
import { keysOfOthers, programsOfOthers } from '#domain/backup/reaches-beyond'
import type { LogicalWriter, RestoreTarget } from '#engine/logical-writer'
import type { Session } from '#engine/session'

/**
 * What is restored reaches into databases that are not, and the server lacks what is there. Where it has it, keys are
 * counted behind the load, and what a program finds there is the server's of now.
 */
export async function reachFindings(
  writer: LogicalWriter,
  session: Session,
  target: RestoreTarget,
  manifest: Manifest,
  isWanted: (schema: string) => boolean,
): Promise<{ findings: string[]; notes: string[] }> {
  const isFolded = target.settings['lower_case_table_names'] !== '0'
  const fold = (name: string): string => (isFolded ? name.toLowerCase() : name)
  const made = new Set(
    manifest.databases
      .map(({ name }) => name)
      .filter(isWanted)
      .map(fold),
  )
  const isRestored = (schema: string): boolean => made.has(fold(schema))
  const keys = keysOfOthers(manifest.tables, isRestored)
  const known = [...manifest.databases.map(({ name }) => name), ...target.allDatabases]
  const named = [...new Set([...known, ...keys.map(({ schema }) => schema)].map(fold))]
  const programs = programsOfOthers(manifest.programs, named, isRestored)
  const others = [...new Set([...keys, ...programs].map(({ schema }) => schema))]
  const objects = await writer.objectsThere(session, others)
  const hasAny = (schema: string): boolean => objects.some(one => fold(one.schema) === fold(schema))
  const hasTable = (schema: string, table: string): boolean =>
    objects.some(one => fold(one.schema) === fold(schema) && fold(one.name) === fold(table))
  const beyond = programs.filter(({ schema }) => hasAny(schema))
  return {
    findings: [
      ...keys
        .filter(({ schema, table }) => !hasTable(schema, table))
        .map(
          ({ label, schema, table }) =>
            `${label} refers to ${schema}.${table}, which is not restored, and this server does not have: it refuses each row that is written with that key (1452); restore ${schema} as well, or drop the key`,
        ),
      ...programs
        .filter(({ schema }) => !hasAny(schema))
        .map(
          ({ labels, schema }) =>
            `${schema} is not restored, and this server has nothing of it: what names it in its text fails when it runs (${labels}); restore ${schema} as well`,
        ),
    ],
    notes:
      beyond.length === 0
        ? []
        : [
            `texts of programs name databases that are not restored, where they find what this server has now: ${beyond.map(({ labels, schema }) => `${schema} in ${labels}`).join('; ')}`,
          ],
  }
}

/** Asked when all rows are there: nobody else compares both sides of such a key. */
export async function brokenKeys(
  writer: LogicalWriter,
  session: Session,
  made: readonly string[],
): Promise<string[]> {
  const keys = await writer.keysBetween(session, made)
  return keys.flatMap(key => {
    const isOurs = key.isOutward
    const [from, to] = [`${key.schema}.${key.table}`, `${key.toSchema}.${key.toTable}`]
    const refers = `foreign key ${key.name} of table ${from} refers to ${to}`
    // What is restored was looked at before.
    if (!key.isThere) {
      return isOurs
        ? []
        : [
            `${refers}, which is not in this snapshot: the server refuses each row that is written with that key (1452)`,
          ]
    }
    if (key.orphans === null) return [`${refers}, and could not be asked: ${key.error}`]
    if (key.orphans === 0) return []
    const side = isOurs ? to : from
    return [
      `${refers}, and ${countOf(key.orphans, 'row')} of ${from} have nothing there: ${side} is not of this restore, and another state; the server does not look at rows that are there; compare the two`,
    ]
  })
}
