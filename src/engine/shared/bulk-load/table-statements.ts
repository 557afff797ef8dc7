import {
  isKeyClause,
  madeForRows,
  type SplitTable,
  splitTable,
} from '#domain/backup/deferred-indexes'
import type { Manifest } from '#domain/backup/manifest'
import type { RestoreStage, RestoreStatement } from '#domain/backup/restore-plan'
import { ROWS_ZONE, zoneOfSource } from '#domain/backup/zone-of-source'
import { computesInZone } from '#domain/schema/computes-in-zone'
import { computesOfDates } from '#domain/schema/computes-of-dates'
import { keywordsOf, parseCreateTable } from '#domain/schema/create-table'
import { withInheritedCollation } from '#domain/schema/inherited-collation'
import { dropDefaults } from '../../drop-defaults.ts'
import type { RestoreTarget } from '../../logical-writer.ts'
import { quoteQualified, quoteString } from '../../quote.ts'
import { withoutKeysOf } from './removal-plan.ts'
import { plain } from './restore-statement.ts'

/**
 * What makes a table, before its rows and behind them.
 *
 * Rows are loaded in UTC, as they were read. Where the table computes in the session's zone, all that was computed of them
 * meanwhile is computed anew in the source's, and its keys are made there: a key that was made in another zone than that
 * of the sessions which change its rows keeps entries of rows that have changed (measured on both engines).
 */
export function tableStatements(
  { engine, tables, settings }: Manifest,
  place: number,
  target: Pick<RestoreTarget, 'settings' | 'timeZones'>,
  there?: { create: string },
): RestoreStatement[] {
  const table = tables[place]
  if (!table) return []
  const name = quoteQualified(table.schema, table.name)
  const zone = zoneToComputeIn(table.create, settings, target)
  const inZone = zone !== undefined
  const whole = splitTable(
    madeForRows(withInheritedCollation(table.create), table),
    table.storageEngine,
    // MariaDB's loaders look at no CHECK.
    inZone && engine === 'mysql',
  )
  const parts = there ? withoutKeysOf(whole, there.create) : whole
  const alter = (clauses: readonly string[]): string =>
    `ALTER TABLE ${name}\n  ${clauses.join(',\n  ')}`
  const of = (stage: RestoreStage, sql: string): RestoreStatement => ({
    ...plain(stage, `table ${name}`, table.schema, sql),
    ...{ table: place, computes: computesOfDates(table.create) },
  })
  const behind = (stage: RestoreStage, sql: string): RestoreStatement => ({
    ...of(stage, sql),
    ...(inZone
      ? {
          timeZone: zone,
          shown: `${zoned(zone)};\n${sql};\n${zoned(ROWS_ZONE)}`,
        }
      : {}),
  })
  return [
    ...(there ? [] : [of('tables', parts.create)]),
    ...dropDefaults(engine, table).map(sql => of('tables', sql)),
    // With a key that an earlier run has made, maybe in another zone.
    ...(inZone && isComputedByRows(there ?? whole)
      ? [behind('indexes', alter(['FORCE', 'ALGORITHM=COPY']))]
      : []),
    ...parts.indexes.map(clauses => behind('indexes', alter(clauses))),
    ...(parts.foreignKeys.length ? [behind('foreign keys', alter(parts.foreignKeys))] : []),
    // They have values of rows in them.
    ...(table.statistics ?? []).map(sql => ({
      ...of('statistics', sql),
      shown: sql.replace(/( USING DATA | VALUES ).*$/s, '$1…'),
      mayFail: true as const,
    })),
  ]
}

const zoned = (zone: string): string => `SET SESSION time_zone = ${quoteString(zone)}`

/** undefined: that of the rows. */
function zoneToComputeIn(
  create: string,
  source: Manifest['settings'],
  target: Pick<RestoreTarget, 'settings' | 'timeZones'>,
): string | undefined {
  const zone = zoneOfSource(source, target)
  return zone === null || zone === ROWS_ZONE || !computesInZone(create) ? undefined : zone
}

/** Does a row bring what is computed and kept, in a STORED column or a key, or as the partition that it is in? */
function isComputedByRows({ create }: Pick<SplitTable, 'create'>): boolean {
  if (/\bPARTITION BY\b/.test(keywordsOf(create))) return true
  return parseCreateTable(create).clauses.some(
    clause => isKeyClause(clause) || /\) (?:STORED|PERSISTENT)\b/.test(keywordsOf(clause)),
  )
}
