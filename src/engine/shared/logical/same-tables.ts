import type { ReadableTable } from '../../logical-reader.ts'
import type { Session, SqlRow } from '../../session.ts'
import { changedMeanwhile } from './changed-meanwhile.ts'
import type { LogicalDialect } from './dialect.ts'
import type { ObservedCatalog } from './read-catalog.ts'
import { definition } from './same-catalog.ts'
import { showCreateTable } from './show-create-table.ts'
import { otherTables, readTableIds } from './table-ids.ts'

/** Looks, after each chunk, whether its table is the one of the point. */
export class SameTables {
  readonly #dialect: LogicalDialect
  readonly #control: Session
  readonly #databases: readonly string[] | null
  readonly #catalog: ObservedCatalog
  /** Of the statements that can swap tables, when all tables were last known to be the same. */
  #count: string
  /** The server keeps DDL out. */
  isFenced = false

  private constructor(
    dialect: LogicalDialect,
    control: Session,
    databases: readonly string[] | null,
    catalog: ObservedCatalog,
    count: string,
  ) {
    this.#dialect = dialect
    this.#control = control
    this.#databases = databases
    this.#catalog = catalog
    this.#count = count
  }

  /** @param catalog of before the point; what changes until then is found by comparing it with the one after */
  static async of(
    dialect: LogicalDialect,
    control: Session,
    databases: readonly string[] | null,
    catalog: ObservedCatalog,
  ): Promise<SameTables> {
    return new SameTables(dialect, control, databases, catalog, await swapCount(control))
  }

  /**
   * To be called while a metadata lock keeps the table as it is.
   * @throws EcomdbError NOT_CONSISTENT
   */
  async require({ schema, name }: ReadableTable): Promise<void> {
    const before = this.#catalog.tables.find(one => one.schema === schema && one.name === name)
    const now = await showCreateTable(this.#control, schema, name)
    if (!before || definition(before.create) !== definition(now)) {
      throw changedMeanwhile([`table ${schema}.${name} has changed`])
    }
    if (this.#catalog.tableIds !== null) await this.#requireSameIds(this.#catalog)
  }

  /** Something ran that may have swapped tables, and whether it did is hidden from the account. */
  async mayBeOthers(): Promise<boolean> {
    const isHidden = this.#catalog.tableIds === null && !this.isFenced
    return isHidden && (await swapCount(this.#control)) !== this.#count
  }

  /** All numbers are read again only when there was such a statement: that takes the longer the more tables there are. */
  async #requireSameIds({ tableIds }: ObservedCatalog): Promise<void> {
    const count = await swapCount(this.#control)
    if (count === this.#count) return
    const now = await readTableIds(this.#dialect, this.#control, this.#databases)
    const others = otherTables(tableIds, now)
    if (others.length > 0) throw changedMeanwhile(others)
    this.#count = count
  }
}

/** Of all sessions, each counted when it begins. */
async function swapCount(control: Session): Promise<string> {
  const rows = await control.rows<SqlRow & { Value: string }>(
    "SHOW GLOBAL STATUS WHERE Variable_name IN ('Com_alter_table', 'Com_rename_table')",
  )
  return rows.map(({ Value }) => Value).join()
}
