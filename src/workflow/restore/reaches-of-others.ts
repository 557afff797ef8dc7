import { messageOf } from '#core/errors'
import { adviseOnInterrupt } from '#core/interruption'
import type { Progress } from '#core/progress'
import { countOf } from '#core/units'
import type { Manifest } from '#domain/backup/manifest'
import { keysOfOthers, programsOfOthers } from '#domain/backup/reaches-beyond'
import type { KeyBetween, LogicalWriter, RestoreTarget } from '#engine/logical-writer'
import type { Session } from '#engine/session'
import type { RestoreOptions, RestorePlace } from './restore-options.ts'

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

interface Restored {
  options: RestoreOptions
  place: RestorePlace
  session: Session
  /** Findings of before. */
  told: readonly string[]
}

/** A live table of 10^9 rows is counted for hours. */
const SECONDS = 60

/**
 * Asked when all rows are there: nobody else compares both sides of such a key. The restore is complete by then, and
 * fails of nothing any more.
 */
export async function brokenKeys(
  { options, place, session, told }: Restored,
  made: readonly string[],
  progress: Progress,
): Promise<string[]> {
  progress.stage('counting rows of keys between databases')
  const done = adviseOnInterrupt(
    'the restore is complete; rows of keys to other databases were not all counted',
  )
  try {
    const keys = await place.engine.logicalWriter.keysBetween(session, made, SECONDS)
    // A drill's private server never has the other database.
    return keyFindings(keys, options.sequel !== undefined && !options.inside, told)
  } catch (error) {
    return [
      `the restore is complete, but rows of foreign keys between what it made and other databases could not be counted: ${messageOf(error)}; information_schema.KEY_COLUMN_USAGE has these keys: compare their tables`,
    ]
  } finally {
    done()
  }
}

function keyFindings(
  keys: readonly KeyBetween[],
  isReplayed: boolean,
  told: readonly string[],
): string[] {
  return keys.flatMap(key => {
    const isOurs = key.isOutward
    const [from, to] = [`${key.schema}.${key.table}`, `${key.toSchema}.${key.toTable}`]
    const refers = `foreign key ${key.name} of table ${from} refers to ${to}`
    if (!key.isThere) {
      // What is restored was looked at before; what a log has made was not.
      const isKnown = isOurs && (!isReplayed || told.some(text => text.startsWith(`${refers}, `)))
      return isKnown
        ? []
        : [
            `${refers}, which is not ${isOurs ? 'here' : 'in this snapshot'}: the server refuses each row that is written with that key (1452)`,
          ]
    }
    if (key.orphans === null)
      return [
        `${refers}, and its rows that have nothing there could not be counted within ${SECONDS} s: ${key.error}; run, when there is time: ${key.statement}`,
      ]
    if (key.orphans === 0) return []
    const side = isOurs ? to : from
    return [
      `${refers}, and ${countOf(key.orphans, 'row')} of ${from} have nothing there: ${side} is not of this restore, and another state; the server does not look at rows that are there; compare the two`,
    ]
  })
}
