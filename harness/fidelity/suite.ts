import * as fc from 'fast-check'
import { quoteIdentifier } from '#engine/quote'
import type { Session } from '#engine/session'
import type { HarnessCase, PreparedSuite, Suite, SuiteContext } from '../suite.ts'
import { checkStatements } from './check-text.ts'
import { oddName } from './odd-names.ts'
import { otherClientStatements, programStatements } from './program-text.ts'
import { rareStatements } from './rare-text.ts'
import { type SchemaWish, schemaArbitrary } from './schema-arbitrary.ts'
import { type Dialect, type MadeTable, makeTable } from './table-text.ts'
import { TwoServers } from './two-servers.ts'

/** A schema that fails is made smaller for no longer than this. */
const SHRINK_MS = 15_000

/**
 * Generated schemas: made on one server, dumped, restored on another, compared in the two
 * servers, and dumped again with the same hashes.
 */
export const fidelity: Suite = {
  name: 'fidelity',
  defaultCount: 40,
  async prepare(context) {
    const place = await Place.open(context)
    const cases = Array.from({ length: context.count }, (_, index) =>
      caseOf(place, context.seed + index),
    )
    return { cases, close: () => place.close() } satisfies PreparedSuite
  },
}

const INVALID_DATES = "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'"

const EXPECTED =
  'dump, restore, dump: equal values and definitions in both servers, equal hashes, nothing refused'

function caseOf(place: Place, seed: number): HarnessCase {
  return {
    name: `schema of seed ${seed}`,
    expected: EXPECTED,
    async run() {
      let seen = ''
      let deadline = Number.POSITIVE_INFINITY
      const property = fc.asyncProperty(schemaArbitrary, async wish => {
        // What is not tried any more passes: so the smallest that failed stays.
        if (performance.now() > deadline) return
        seen = await place.roundTrip(wish).catch(error => {
          deadline = Math.min(deadline, performance.now() + SHRINK_MS)
          throw error
        })
      })
      const outcome = await fc.check(property, { seed, numRuns: 1 })
      if (!outcome.failed) return seen
      const [smallest] = outcome.counterexample ?? []
      const text = smallest ? place.statementsOf(smallest).all.join(';\n') : ''
      throw new Error(`${String(outcome.errorInstance)}\nmade by:\n${text}`)
    },
  }
}

class Place {
  readonly #servers: TwoServers
  readonly #dialect: Dialect

  private constructor(servers: TwoServers, dialect: Dialect) {
    this.#servers = servers
    this.#dialect = dialect
  }

  static async open(context: SuiteContext): Promise<Place> {
    const servers = await TwoServers.start(context)
    const { source } = servers
    const { family } = context
    const dialect = { family, flavor: source.flavor, collations: await collationsOf(source) }
    return new Place(servers, dialect)
  }

  async close(): Promise<void> {
    await this.#servers.close()
  }

  statementsOf(wish: SchemaWish): { database: string; all: string[]; data: string[] } {
    const database = oddName('d', wish.database)
    const collation = this.#dialect.collations[wish.charset % this.#dialect.collations.length]
    const tables: MadeTable[] = []
    for (const [at, table] of wish.tables.entries()) {
      tables.push(makeTable(table, at, tables, this.#dialect))
    }
    const data = tables.flatMap(({ rows }) => rows)
    const { family } = this.#dialect
    const all = [
      `CREATE DATABASE ${quoteIdentifier(database)}${wish.charset % 2 && collation ? ` CHARACTER SET ${collation.charset} COLLATE ${collation.collation}` : ''}`,
      `USE ${quoteIdentifier(database)}`,
      "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00'",
      ...tables.map(({ create }) => create),
      ...wish.checks.flatMap((one, at) => checkStatements(one, at, tables, family)),
      ...(wish.invalidDates ? [INVALID_DATES] : []),
      ...data,
      ...wish.programs.flatMap((one, at) => programStatements(one, at, tables, family)),
      ...wish.otherClients.flatMap((one, at) => otherClientStatements(one, at, tables, family)),
      ...wish.rare.flatMap((one, at) => rareStatements(one, at, family)),
    ]
    return { database, all, data }
  }

  async roundTrip(wish: SchemaWish): Promise<string> {
    const { database, all } = this.statementsOf(wish)
    try {
      let refused = 0
      const skip = (): void => {
        refused += 1
      }
      for (const sql of all) await this.#servers.source.run(sql).then(() => {}, skip)
      const { tables, programs } = await this.#servers.roundTrip([database])
      const rows = tables.reduce((sum, one) => sum + one.rows, 0)
      return `${tables.length} tables, ${rows} rows, ${programs.length} programs; ${refused} of ${all.length} statements refused`
    } finally {
      await this.#servers.drop([database])
    }
  }
}

async function collationsOf(session: Session): Promise<Dialect['collations']> {
  const rows = await session.rows(
    `SELECT CHARACTER_SET_NAME AS c, COLLATION_NAME AS n FROM information_schema.COLLATIONS
      WHERE CHARACTER_SET_NAME IS NOT NULL ORDER BY COLLATION_NAME`,
  )
  return rows.map(row => ({ charset: String(row['c']), collation: String(row['n']) }))
}
