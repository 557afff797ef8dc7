import type { ReadableTable } from '../../logical-reader.ts'
import { quoteQualified } from '../../quote.ts'
import { isDeadlock } from '../../server-error.ts'
import type { Session, SqlRow } from '../../session.ts'
import { changedMeanwhile } from './changed-meanwhile.ts'
import { otherRowsCount, swapCount } from './ddl-count.ts'
import type { LogicalDialect } from './dialect.ts'
import type { ObservedCatalog } from './read-catalog.ts'
import { swapRuns } from './running-work.ts'
import { definition, tableKey } from './same-catalog.ts'
import { showCreateTable } from './show-create-table.ts'
import {
  isNameOf,
  otherNames,
  othersInWords,
  readTableIds,
  type TableIds,
  tableOf,
} from './table-ids.ts'

const MAY_BE_OTHERS =
  'an ALTER or RENAME ran during the backup, and whether it swapped tables that are alike is hidden from the account, so rows may be of after the point: GRANT PROCESS to it (on MySQL BACKUP_ADMIN keeps DDL out), and run the backup again'

/** Looks, after each chunk, whether its table is the one of the point. */
export class SameTables {
  readonly #dialect: LogicalDialect
  readonly #control: Session
  readonly #databases: readonly string[] | null
  readonly #catalog: ObservedCatalog
  /** Of the statements that can swap tables, before the point; null: one that was counted still runs. */
  readonly #count: string | null
  readonly #swaps: string
  /** InnoDB's names that stood for something else then. */
  #others: readonly string[] = []
  readonly #withIds: ReadonlySet<string>
  readonly #read = new Set<string>()
  /** The server keeps DDL out. */
  isFenced = false

  private constructor(
    dialect: LogicalDialect,
    control: Session,
    databases: readonly string[] | null,
    catalog: ObservedCatalog,
    count: string | null,
    swaps: string,
  ) {
    this.#dialect = dialect
    this.#control = control
    this.#databases = databases
    this.#catalog = catalog
    this.#count = count
    this.#swaps = swaps
    this.#withIds = new Set(Array.from(catalog.tableIds?.keys() ?? [], tableOf))
  }

  /** @param catalog of before the point; what changes until then is found by comparing it with the one after */
  static async of(
    dialect: LogicalDialect,
    control: Session,
    databases: readonly string[] | null,
    catalog: ObservedCatalog,
  ): Promise<SameTables> {
    const [count, swaps] = [await otherRowsCount(control), await swapCount(control)]
    // What is counted already, and not over, is as good as one to come.
    const isBegun = !isFew(catalog.tableIds) && (await swapRuns(control))
    return new SameTables(dialect, control, databases, catalog, isBegun ? null : count, swaps)
  }

  /**
   * To be called while a metadata lock keeps the table as it is, when rows of it were read.
   * @param isHeld another lock has kept it so since before the point
   * @throws EcomdbError NOT_CONSISTENT
   */
  async require(table: ReadableTable, isHeld: boolean): Promise<void> {
    const { schema, name } = table
    const before = this.#catalog.tables.find(one => one.schema === schema && one.name === name)
    const now = await showCreateTable(this.#control, schema, name)
    const isSame = before && definition(before.create) === definition(now)
    if (!isSame || before.createdAt !== (await this.#createdAt(table))) {
      throw changedMeanwhile([`table ${schema}.${name} has changed`])
    }
    const { tableIds } = this.#catalog
    if (tableIds !== null && !this.isFenced) await this.#requireSameIds(tableIds, table)
    const isKnown = !this.isFenced && isFew(tableIds) && this.#withIds.has(`${schema}/${name}`)
    if (isHeld || isKnown) this.#read.add(tableKey(table))
  }

  /** It was the one of the point when the last of its rows, of those that were read, had come. */
  isRead(table: ReadableTable): boolean {
    return this.#read.has(tableKey(table))
  }

  /**
   * A RENAME that had begun before they were counted, and waits for who reads a table, is over when that table can be read: where
   * the numbers are hidden, or read only after such a statement, and no lock waits for it, it would swap tables behind the point, and nothing would tell.
   * @throws EcomdbError NOT_CONSISTENT
   */
  async begunIsOver(): Promise<void> {
    if (isFew(this.#catalog.tableIds)) return
    for (const { schema, name } of this.#catalog.tables) {
      const reading = this.#control.rows(`SELECT 1 FROM ${quoteQualified(schema, name)} LIMIT 0`)
      await reading.catch((error: unknown) => {
        throw isDeadlock(error)
          ? changedMeanwhile([`some waits for table ${schema}.${name}`], error)
          : error
      })
    }
  }

  /**
   * What stands for something else now than in the catalog, in words: to be asked at the point, for it may be back at the second
   * look; also where no DDL was counted, for an EXCHANGE that waited for a reader has begun long before. MySQL would wait for the numbers,
   * behind DDL that waits for the lock; its fence keeps DDL out.
   */
  async swapped(): Promise<string[]> {
    const { tableIds } = this.#catalog
    if (tableIds === null || this.#dialect.family === 'mysql') return []
    const now = await readTableIds(this.#dialect, this.#control, this.#databases)
    return othersInWords(otherNames(tableIds, now))
  }

  /**
   * The same where numbers cannot be read at the point, and nothing keeps DDL out: in words, to be asked behind the second look. What was
   * swapped before the point and is back by then has been counted.
   */
  async mayHaveSwapped(): Promise<string[]> {
    const isAskable = this.#catalog.tableIds !== null && this.#dialect.family === 'mysql'
    if (!isAskable || this.isFenced || (await swapCount(this.#control)) === this.#swaps) return []
    return ['ALTER TABLE or RENAME TABLE ran']
  }

  /** Something ran that may have swapped tables, and whether it did is hidden from the account: in words. */
  async mayBeOthers(): Promise<string[]> {
    const isHidden = this.#catalog.tableIds === null && !this.isFenced
    if (!isHidden || (await otherRowsCount(this.#control)) === this.#count) return []
    return [MAY_BE_OTHERS]
  }

  /**
   * MariaDB drops a column and adds it again at once, and neither the definition nor the number is another one then: the rows of
   * the snapshot have no values there (10.11, measured; MySQL refuses to read them).
   */
  async #createdAt({ schema, name }: ReadableTable): Promise<string | null> {
    const rows = await this.#control.rows<SqlRow & { name: string; at: string | null }>(
      'SELECT TABLE_NAME AS name, CREATE_TIME AS at FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?',
      [schema, name],
    )
    return rows.find(one => one.name === name)?.at ?? null
  }

  /**
   * Of many tables the numbers are read again only when there was such a statement, and from then on always: one that has begun and
   * waits, as for the reader's own lock, is counted before it swaps anything. So none of these is known to be read, and all are compared at the end.
   * What was swapped behind its last row does no harm.
   */
  async #requireSameIds(tableIds: TableIds, table: ReadableTable): Promise<void> {
    const count = await otherRowsCount(this.#control)
    if (isFew(tableIds) || count !== this.#count) {
      const reading = readTableIds(this.#dialect, this.#control, this.#databases)
      const now = await reading.catch((error: unknown) => {
        // MySQL waits behind a RENAME that waits for the reader, which waits for this answer.
        throw isDeadlock(error)
          ? changedMeanwhile([`some waits for table ${table.schema}.${table.name}`], error)
          : error
      })
      // A right that was taken away meanwhile hides them.
      if (now === null)
        throw changedMeanwhile(['the numbers of its tables cannot be seen any more'])
      this.#others = otherNames(tableIds, now)
    }
    const read = this.#catalog.tables.filter(one => this.isRead(one))
    const harmful = this.#others.filter(
      name => isNameOf(name, table) || !read.some(one => isNameOf(name, one)),
    )
    if (harmful.length > 0) throw changedMeanwhile(othersInWords(harmful))
  }
}

/** So many names' numbers take some milliseconds. */
const FEW = 500

function isFew(ids: TableIds): boolean {
  return ids !== null && ids.size <= FEW
}
