import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { engineFor } from '#cli/wire'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import type { Manifest } from '#domain/backup/manifest'
import type { Engine } from '#engine/engine'
import { quoteIdentifier, quoteQualified } from '#engine/quote'
import type { RunningServer } from '#engine/scratch-server'
import type { Session } from '#engine/session'
import { BackupPlace } from '#test/backed-up'
import { serverValues } from '#test/server-values'
import { openSnapshot } from '#workflow/restore/open-snapshot'
import { restoreSnapshot } from '#workflow/restore/restore-snapshot'
import type { HarnessCase, PreparedSuite, Suite, SuiteContext } from '../suite.ts'
import { checkStatements } from './check-text.ts'
import { serverDefinitions } from './definitions.ts'
import { oddName } from './odd-names.ts'
import { otherClientStatements, programStatements } from './program-text.ts'
import { rareStatements } from './rare-text.ts'
import { type SchemaWish, schemaArbitrary } from './schema-arbitrary.ts'
import { type Dialect, type MadeTable, makeTable } from './table-text.ts'

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
  readonly #context: SuiteContext
  readonly #engine: Engine
  readonly #servers: RunningServer[]
  readonly #sessions: Session[]
  readonly #dialect: Dialect
  #rounds = 0

  private constructor(
    context: SuiteContext,
    engine: Engine,
    servers: RunningServer[],
    sessions: Session[],
    dialect: Dialect,
  ) {
    this.#context = context
    this.#engine = engine
    this.#servers = servers
    this.#sessions = sessions
    this.#dialect = dialect
  }

  static async open(context: SuiteContext): Promise<Place> {
    const { family, folder } = context
    const engine = await engineFor(family)
    const servers: RunningServer[] = []
    for (const name of ['source', 'target']) {
      servers.push(
        await engine.scratchServers.start({
          folder: join(folder, name),
          tcp: false,
          purpose: 'drill',
        }),
      )
    }
    const sessions = await Promise.all(servers.map(one => engine.connect(one.administrator)))
    const [source] = sessions as [Session, Session]
    const dialect = { family, flavor: source.flavor, collations: await collationsOf(source) }
    return new Place(context, engine, servers, sessions, dialect)
  }

  async close(): Promise<void> {
    for (const session of this.#sessions) await session.close()
    for (const { folder } of this.#servers) await this.#engine.scratchServers.remove(folder)
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
    const [source, target] = this.#sessions as [Session, Session]
    const backups = join(this.#context.folder, `round-${this.#rounds++}`)
    // What one round leaves half done is no business of the next.
    process.env['ECOMDB_STATE'] = join(backups, 'state')
    try {
      let refused = 0
      const skip = (): void => {
        refused += 1
      }
      for (const sql of all) await source.run(sql).then(() => {}, skip)
      await dropUnshown(source, database)
      const place = await BackupPlace.make(backups, this.#context.family)
      const [from, to] = this.#servers as [RunningServer, RunningServer]
      const first = await this.#backUp(place, from, database)
      await this.#restore(place, to)
      // A view's columns have the collation of the session that asks.
      for (const session of this.#sessions) await session.run('SET NAMES utf8mb4')
      requireSame('values', await serverValues(source), await serverValues(target))
      // The backup has named them (exit 3), and no server takes them.
      const broken = first.programs.filter(({ invalid }) => invalid !== undefined)
      const without = broken.map(({ name }) => name)
      requireSame(
        'definitions',
        await serverDefinitions(source, [database], without),
        await serverDefinitions(target, [database], without),
      )
      const second = await this.#backUp(place, to, database)
      const cuts = cutTables(first, second)
      requireSame('hashes', contentOf(first, without, cuts), contentOf(second, without, cuts))
      const rows = first.tables.reduce((sum, one) => sum + one.rows, 0)
      return `${first.tables.length} tables, ${rows} rows, ${first.programs.length} programs; ${refused} of ${all.length} statements refused`
    } finally {
      for (const session of this.#sessions) {
        await session.run(`DROP DATABASE IF EXISTS ${quoteIdentifier(database)}`)
      }
    }
  }

  async #backUp(place: BackupPlace, server: RunningServer, database: string): Promise<Manifest> {
    const id = await place.backUp(server, [database])
    return (await openSnapshot(await place.access(), id, silentProgress())).manifest
  }

  async #restore(place: BackupPlace, server: RunningServer): Promise<void> {
    const [database] = (await this.#manifestOf(place)).databases
    await restoreSnapshot(
      {
        snapshot: 'latest',
        databases: [database?.name ?? ''],
        confirm: database?.name,
        dryRun: false,
        startOver: false,
        binlog: true,
        services: [],
        connections: 2,
      },
      await place.access(),
      { engine: this.#engine, connect: server.administrator },
      systemClock,
      silentProgress(),
    )
  }

  async #manifestOf(place: BackupPlace): Promise<Manifest> {
    return (await openSnapshot(await place.access(), 'latest', silentProgress())).manifest
  }
}

/** Before 9 MySQL shows no trigger that it cannot read, and a backup is refused by its name. */
async function dropUnshown(session: Session, database: string): Promise<void> {
  const triggers = await session.rows(
    'SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?',
    [database],
  )
  for (const { name } of triggers) {
    const trigger = quoteQualified(database, String(name))
    await session
      .run(`SHOW CREATE TRIGGER ${trigger}`)
      .catch(() => session.run(`DROP TRIGGER ${trigger}`))
  }
}

async function collationsOf(session: Session): Promise<Dialect['collations']> {
  const rows = await session.rows(
    `SELECT CHARACTER_SET_NAME AS c, COLLATION_NAME AS n FROM information_schema.COLLATIONS
      WHERE CHARACTER_SET_NAME IS NOT NULL ORDER BY COLLATION_NAME`,
  )
  return rows.map(row => ({ charset: String(row['c']), collation: String(row['n']) }))
}

/**
 * Tables of several pieces in one of the snapshots: where a table is cut depends on the server's guess
 * at its rows, and a hash is of a piece. Their values are compared in the servers.
 */
function cutTables(...snapshots: readonly Manifest[]): ReadonlySet<string> {
  const cut = snapshots.flatMap(({ tables }) => tables.filter(({ chunks }) => chunks.length > 1))
  return new Set(cut.map(({ name }) => name))
}

/** What the rows and definitions of a snapshot are, without where they are stored. */
function contentOf(
  { databases, tables, programs }: Manifest,
  without: readonly string[],
  cut: ReadonlySet<string>,
): unknown {
  return {
    databases,
    tables: tables.map(({ chunks, chunkStep: _guessed, ...table }) => ({
      ...table,
      hash: cut.has(table.name) ? null : chunks[0]?.hash,
      bytes: chunks.reduce((sum, { bytes }) => sum + bytes, 0),
    })),
    programs: programs
      .filter(({ name }) => !without.includes(name))
      .map(program =>
        program.kind === 'event'
          ? { ...program, create: program.create.replace(/\b(ENABLE|DISABLE)D? /, '') }
          : program,
      ),
  }
}

function requireSame(what: string, was: unknown, is: unknown): void {
  if (isDeepStrictEqual(was, is)) return
  throw new Error(`${what} differ: ${firstDifference(was, is, '')}`)
}

function firstDifference(was: unknown, is: unknown, path: string): string {
  if (typeof was === 'object' && typeof is === 'object' && was !== null && is !== null) {
    const keys = new Set([...Object.keys(was), ...Object.keys(is)])
    for (const key of keys) {
      const [a, b] = [(was as Record<string, unknown>)[key], (is as Record<string, unknown>)[key]]
      if (!isDeepStrictEqual(a, b)) return firstDifference(a, b, `${path}/${key}`)
    }
  }
  return `${path}: ${JSON.stringify(was)} became ${JSON.stringify(is)}`
}
