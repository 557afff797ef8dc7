import type { ProgramEntry } from '#domain/backup/manifest'
import { quoteQualified } from '../../quote.ts'
import type { Session, SqlRow } from '../../session.ts'

/** Programs that are replaced together: a routine, or the triggers of a table that fire alike. */
export interface Replacement {
  /** With the definers that they will have, in the order in which they are made. */
  programs: readonly { entry: ProgramEntry; grants: readonly string[] }[]
  /** Of triggers; null for a routine. */
  table: string | null
}

const table = (store: string): string => quoteQualified(store, 'rehoming')

/** Written before anything is dropped: what a crash takes away is in it. */
export async function beginReplacement(
  session: Session,
  store: string,
  { programs, table: tableName }: Replacement,
): Promise<void> {
  for (const [place, { entry, grants }] of programs.entries()) {
    await session.run(
      `REPLACE INTO ${table(store)} (schema_name, kind, name, place, table_name, entry, grants, begun_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(6))`,
      [
        ...[entry.schema, entry.kind, entry.name, place, tableName],
        ...[JSON.stringify(entry), JSON.stringify(grants)],
      ],
    )
  }
}

export async function endReplacement(
  session: Session,
  store: string,
  { programs }: Replacement,
): Promise<void> {
  for (const { entry } of programs) {
    await session.run(
      `DELETE FROM ${table(store)} WHERE schema_name = ? AND kind = ? AND name = ?`,
      [entry.schema, entry.kind, entry.name],
    )
  }
}

/** What a run that died had begun. */
export async function openReplacements(session: Session, store: string): Promise<Replacement[]> {
  const rows = await session.rows<SqlRow & { entry: string; grants: string }>(
    `SELECT schema_name AS sch, kind AS kind, table_name AS tbl, entry AS entry, grants AS grants
       FROM ${table(store)} ORDER BY schema_name, kind, table_name, place`,
  )
  const groups = new Map<string, Replacement & { programs: Replacement['programs'][number][] }>()
  for (const row of rows) {
    const entry = JSON.parse(row.entry) as ProgramEntry
    const grants = JSON.parse(row.grants) as string[]
    const of = row['tbl'] === null ? entry.name : `table ${row['tbl']}`
    const key = JSON.stringify([entry.schema, row['kind'], of])
    const group = groups.get(key) ?? {
      programs: [],
      table: row['tbl'] === null ? null : String(row['tbl']),
    }
    group.programs.push({ entry, grants })
    groups.set(key, group)
  }
  return [...groups.values()]
}
