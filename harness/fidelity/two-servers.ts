import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { engineFor } from '#cli/wire'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import type { Manifest } from '#domain/backup/manifest'
import { withoutImpliedCharacterSets } from '#domain/schema/inherited-collation'
import type { Engine } from '#engine/engine'
import { quoteIdentifier, quoteQualified } from '#engine/quote'
import type { RunningServer } from '#engine/scratch-server'
import type { Session } from '#engine/session'
import { BackupPlace } from '#test/backed-up'
import { serverValues } from '#test/server-values'
import { openSnapshot } from '#workflow/restore/open-snapshot'
import { restoreSnapshot } from '#workflow/restore/restore-snapshot'
import type { SuiteContext } from '../suite.ts'
import { serverDefinitions } from './definitions.ts'

/** Two servers: what is made in the first is dumped, restored into the second, compared, and dumped again. */
export class TwoServers {
  readonly #context: SuiteContext
  readonly #engine: Engine
  readonly #servers: readonly RunningServer[]
  readonly #sessions: readonly Session[]
  #rounds = 0

  private constructor(
    context: SuiteContext,
    engine: Engine,
    servers: readonly RunningServer[],
    sessions: readonly Session[],
  ) {
    this.#context = context
    this.#engine = engine
    this.#servers = servers
    this.#sessions = sessions
  }

  static async start(context: SuiteContext): Promise<TwoServers> {
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
    return new TwoServers(context, engine, servers, sessions)
  }

  /** An administrator's, on the first server. */
  get source(): Session {
    return this.#sessions[0] as Session
  }

  get sourceSocket(): string {
    return this.#servers[0]?.administrator.socketPath ?? ''
  }

  async close(): Promise<void> {
    for (const session of this.#sessions) await session.close()
    for (const { folder } of this.#servers) await this.#engine.scratchServers.remove(folder)
  }

  async drop(databases: readonly string[]): Promise<void> {
    for (const session of this.#sessions) {
      await session.run('SET SESSION foreign_key_checks = 0')
      for (const database of databases) {
        await session.run(`DROP DATABASE IF EXISTS ${quoteIdentifier(database)}`)
      }
      await session.run('SET SESSION foreign_key_checks = 1')
    }
  }

  /**
   * Dump, restore, dump, of all that the first server has.
   *
   * @returns what the first dump has
   * @throws Error that says what is different; EcomdbError of a dump or restore that was refused
   */
  async roundTrip(databases: readonly string[]): Promise<Manifest> {
    const backups = join(this.#context.folder, `round-${this.#rounds++}`)
    // What one round leaves half done is no business of the next.
    process.env['ECOMDB_STATE'] = join(backups, 'state')
    const [source, target] = this.#sessions as [Session, Session]
    for (const database of databases) await dropUnshown(source, database)
    const place = await BackupPlace.make(backups, this.#context.family)
    const [from, to] = this.#servers as [RunningServer, RunningServer]
    const first = await this.#backUp(place, from, databases)
    await this.#restore(place, to, databases)
    // A view's columns have the collation of the session that asks.
    for (const session of this.#sessions) await session.run('SET NAMES utf8mb4')
    requireSame('values', await serverValues(source), await serverValues(target))
    // The backup has named them (exit 3), and no server takes them.
    const broken = first.programs.filter(({ invalid }) => invalid !== undefined)
    const without = broken.map(({ name }) => name)
    requireSame(
      'definitions',
      await serverDefinitions(source, databases, without),
      await serverDefinitions(target, databases, without),
    )
    const second = await this.#backUp(place, to, databases)
    const cuts = cutTables(first, second)
    requireSame('hashes', contentOf(first, without, cuts), contentOf(second, without, cuts))
    return first
  }

  async #backUp(
    place: BackupPlace,
    server: RunningServer,
    databases: readonly string[],
  ): Promise<Manifest> {
    const id = await place.backUp(server, databases)
    return (await openSnapshot(await place.access(), id, silentProgress())).manifest
  }

  async #restore(
    place: BackupPlace,
    server: RunningServer,
    databases: readonly string[],
  ): Promise<void> {
    await restoreSnapshot(
      {
        snapshot: 'latest',
        databases,
        confirm: databases[0],
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
      // Whether a column's set or its collation was written is forgotten with the statement.
      create: withoutImpliedCharacterSets(table.create),
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
