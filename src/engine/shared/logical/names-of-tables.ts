import type { Session, SqlRow } from '../../session.ts'

/**
 * A table that is made behind the first look at the catalog, and is gone before the second, is in neither, though it may have been
 * there at the point: as one that a job fills, uses and drops within seconds. A restore to a later moment would find its
 * rows and its DROP in the log, and not the table.
 */
export class NamesOfTables {
  readonly #control: Session
  readonly #without: readonly string[]
  readonly #wanted: readonly string[] | null
  readonly #names: ReadonlySet<string>

  private constructor(
    control: Session,
    without: readonly string[],
    wanted: readonly string[] | null,
    names: ReadonlySet<string>,
  ) {
    this.#control = control
    this.#without = without
    this.#wanted = wanted
    this.#names = names
  }

  /**
   * As they are now: to be asked before the first look.
   *
   * @param without databases that belong to the server
   * @param wanted databases; null: all others
   */
  static async of(
    control: Session,
    without: readonly string[],
    wanted: readonly string[] | null,
  ): Promise<NamesOfTables> {
    return new NamesOfTables(control, without, wanted, await namesOf(control, without, wanted))
  }

  /**
   * What has come or gone since, in words: to be asked at the point. No count of DDL says that nothing has: MySQL lists a table when
   * CREATE TABLE … SELECT has filled it, which may have begun before it was counted.
   *
   * @param swapped what else DDL may have done, in words
   */
  async changes(swapped: () => Promise<string[]>): Promise<string[]> {
    const now = await namesOf(this.#control, this.#without, this.#wanted)
    return [
      ...[...now].filter(name => !this.#names.has(name)).map(name => `table ${name} is new`),
      ...[...this.#names].filter(name => !now.has(name)).map(name => `table ${name} is gone`),
      ...(await swapped()),
    ]
  }
}

async function namesOf(
  control: Session,
  without: readonly string[],
  wanted: readonly string[] | null,
): Promise<Set<string>> {
  const rows = await control.rows<SqlRow & { s: string; t: string }>(
    'SELECT TABLE_SCHEMA AS s, TABLE_NAME AS t FROM information_schema.TABLES',
  )
  const isWanted = (schema: string): boolean =>
    wanted?.includes(schema) ?? !without.includes(schema)
  return new Set(rows.filter(({ s }) => isWanted(s)).map(({ s, t }) => `${s}.${t}`))
}
