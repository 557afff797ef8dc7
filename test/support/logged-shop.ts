import { spawn } from 'node:child_process'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { engineFor } from '#cli/wire'
import { packageRoot } from '#core/paths'
import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'
import type { RunningServer } from '#engine/scratch-server'
import type { Session, SqlRow } from '#engine/session'
import { BackupPlace } from '#test/backed-up'
import { type CliResult, cliEnvironment, runEcomdb } from '#test/cli'
import { SMALL_LOG } from '#test/own-server'
import { writeConfig } from '#test/stored-repository'

/** A server with a binary log of small files, a repository, and an ecomdb.yaml for both. */
export class LoggedShop {
  readonly family: EngineFamily
  readonly folder: string
  readonly engine: Engine
  readonly place: BackupPlace
  source: RunningServer

  private constructor(
    family: EngineFamily,
    folder: string,
    engine: Engine,
    place: BackupPlace,
    source: RunningServer,
  ) {
    this.family = family
    this.folder = folder
    this.engine = engine
    this.place = place
    this.source = source
  }

  static async make(
    family: EngineFamily,
    folder: string,
    serverOptions: readonly string[] = [],
  ): Promise<LoggedShop> {
    const engine = await engineFor(family)
    const place = await BackupPlace.make(folder, family)
    const { recipients, trustedSigners, signingKeyFile, dedupKeyFile, identityFiles } = place.config
    await writeConfig(join(folder, 'ecomdb.yaml'), place.path, trustedSigners, [
      `recipients: ${JSON.stringify(recipients)}`,
      `signing_key_file: ${signingKeyFile}`,
      `dedup_key_file: ${dedupKeyFile}`,
      `identity_files: ${JSON.stringify(identityFiles)}`,
    ])
    const options = [...MAY_LINK[family], ...serverOptions]
    const source = await startLogged(engine, join(folder, 'source'), options)
    return new LoggedShop(family, folder, engine, place, source)
  }

  /** Runs the CLI against the source, or against another server. */
  async ecomdb(args: readonly string[], server = this.source): Promise<CliResult> {
    return await runEcomdb([...args, '--config', join(this.folder, 'ecomdb.yaml')], {
      env: this.environment(server),
    })
  }

  environment(server = this.source): Record<string, string> {
    return {
      ECOMDB_SOCKET: server.socketPath,
      ECOMDB_USER: 'root',
      ECOMDB_STATE: join(this.folder, 'state'),
    }
  }

  /** An archiver that follows, as a process of its own. */
  follow(env: Record<string, string>, ...args: string[]): Follower {
    const config = ['--config', join(this.folder, 'ecomdb.yaml'), '--progress', 'json']
    const child = spawn(
      join(packageRoot(), 'bin/ecomdb'),
      ['backup', 'binlog', ...args, ...config],
      {
        env: cliEnvironment(this.folder, { ...this.environment(), ...env }),
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    let output = ''
    child.stdout.on('data', text => (output += text))
    child.stderr.on('data', text => (output += text))
    const ended = new Promise<number | null>(resolve => child.once('close', resolve))
    const following = async (times: number): Promise<void> => {
      while (output.split('following the binary log').length <= times) {
        const isGone = child.exitCode !== null || child.signalCode !== null
        if (isGone) throw new Error(`the archiver has ended: ${output}`)
        await sleep(20)
      }
    }
    return {
      kill: signal => void child.kill(signal),
      ended,
      output: () => output,
      following,
    }
  }

  async run(...statements: string[]): Promise<void> {
    await onServer(this.engine, this.source, async session => {
      for (const statement of statements) await session.run(statement)
    })
  }

  async rows(sql: string, server = this.source): Promise<SqlRow[]> {
    return await onServer(this.engine, server, session => session.rows(sql))
  }

  async value(sql: string, server = this.source): Promise<string | null> {
    return await onServer(this.engine, server, session => session.value(sql))
  }

  async restart(...serverOptions: string[]): Promise<void> {
    await this.engine.scratchServers.stop(this.source.folder)
    const more = [...MAY_LINK[this.family], ...serverOptions]
    this.source = await startLogged(this.engine, this.source.folder, more)
  }

  /** Archives the log as it is now. @returns GTIDs of all that the server has committed, for --gtid */
  async archivedGtids(): Promise<string> {
    const set = this.family === 'mysql' ? '@@gtid_executed' : '@@gtid_binlog_pos'
    const gtids = String(await this.value(`SELECT ${set}`)).replaceAll('\n', '')
    const { status, stderr } = await this.ecomdb(['backup', 'binlog', '--once'])
    if (status !== 0) throw new Error(`backup binlog: ${status}: ${stderr}`)
    return gtids
  }

  /** The GTID of the transaction that holds a statement, as the server itself shows it. */
  async gtidOf(statement: RegExp): Promise<string> {
    const files = await this.rows('SHOW BINARY LOGS')
    for (const file of files) {
      let gtid = ''
      for (const event of await this.rows(`SHOW BINLOG EVENTS IN '${file['Log_name']}'`)) {
        const info = String(event['Info'])
        gtid = /GTID_NEXT= '([^']+)'|GTID ([\d-]+)/.exec(info)?.slice(1).find(Boolean) ?? gtid
        if (String(event['Event_type']).startsWith('Query') && statement.test(info)) return gtid
      }
    }
    throw new Error(`no ${statement} in the binary log`)
  }

  /** On a private server that is started on restored data files; they are its own, and gone afterwards. */
  async onFiles<Result>(
    data: string,
    use: (server: RunningServer) => Promise<Result>,
  ): Promise<Result> {
    const { scratchServers } = this.engine
    const place = await scratchServers.claim(`${data}-on`)
    await rename(data, join(place, 'data'))
    try {
      return await use(await scratchServers.start({ folder: place, tcp: false, purpose: 'drill' }))
    } finally {
      await scratchServers.remove(place)
    }
  }

  async stop(): Promise<void> {
    await this.engine.scratchServers.remove(this.source.folder)
  }
}

/** As servers of other people do: they may put tables elsewhere. */
const MAY_LINK: Readonly<Record<EngineFamily, readonly string[]>> = {
  mariadb: ['--symbolic-links'],
  mysql: [],
}

export interface Follower {
  kill(signal: NodeJS.Signals): void
  ended: Promise<number | null>
  output(): string
  /** Until it has said so many times that it follows the log: it begins, or has come back. */
  following(times: number): Promise<void>
}

export async function startLogged(
  engine: Engine,
  folder: string,
  more: readonly string[] = [],
): Promise<RunningServer> {
  const gtids = engine.family === 'mysql' ? ['--gtid-mode=ON', '--enforce-gtid-consistency=ON'] : []
  return await engine.scratchServers.start({
    folder,
    tcp: true,
    purpose: 'drill',
    serverOptions: [
      '--log-bin=binlog',
      '--max-binlog-size=65536',
      ...SMALL_LOG[engine.family],
      ...gtids,
      ...more,
    ],
  })
}

async function onServer<T>(
  engine: Engine,
  server: RunningServer,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await engine.connect(server.administrator)
  try {
    return await use(session)
  } finally {
    await session.close()
  }
}

/** Sessions that write all the time: each transaction a row in `ledger`, and one in `victim`. */
export class Writers {
  #stopped = false
  readonly #loops: Promise<void>[]
  /** Transactions that were answered. */
  committed = 0
  /** Of each writer behind each transaction: who restores replays all that they wrote meanwhile. */
  restMs = 0
  #paused = false
  #idle = 0

  constructor(shop: LoggedShop, count: number) {
    this.#loops = Array.from({ length: count }, (_, writer) => this.#write(shop, writer))
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#loops)
  }

  /** Until none is in a transaction. */
  async pause(): Promise<void> {
    this.#paused = true
    while (this.#idle < this.#loops.length) await sleep(10)
  }

  goOn(): void {
    this.#paused = false
  }

  async untilCommitted(count: number): Promise<void> {
    while (this.committed < count) await sleep(10)
  }

  async #write(shop: LoggedShop, writer: number): Promise<void> {
    let session: Session | null = null
    // No two runs of writers use a number twice.
    for (let seq = performance.now() * 1000; !this.#stopped; seq += 1) {
      if (this.#paused) {
        this.#idle += 1
        while (this.#paused && !this.#stopped) await sleep(10)
        this.#idle -= 1
      }
      try {
        session ??= await shop.engine.connect(shop.source.administrator)
        await transaction(session, writer, Math.floor(seq))
        this.committed += 1
        if (this.restMs > 0) await sleep(this.restMs)
      } catch {
        // The server restarts, or it was the victim's end.
        session?.destroy()
        session = null
        await sleep(20)
      }
    }
    await session?.close()
  }
}

/** After the victim is gone, rows of the ledger say so. */
async function transaction(session: Session, writer: number, seq: number): Promise<void> {
  const hasVictim = await session
    .run(`BEGIN`)
    .then(() => session.run('INSERT INTO shop.victim VALUES (?, ?, ?)', [writer, seq, text(seq)]))
    .then(() => 1)
    .catch(() => 0)
  if (!hasVictim) await session.run('BEGIN')
  await session.run('INSERT INTO shop.ledger (writer, seq, has_victim) VALUES (?, ?, ?)', [
    writer,
    seq,
    hasVictim,
  ])
  await session.run('UPDATE shop.totals SET n = n + 1 WHERE writer = ?', [writer])
  await session.run('COMMIT')
}

const text = (seq: number): string => `row ${seq} `.repeat(5)

/** Tables of the writers: with a trigger, a generated column and a foreign key. */
export const LEDGER = [
  'CREATE DATABASE shop',
  'CREATE TABLE shop.ledger (writer INT, seq BIGINT, has_victim INT, twice BIGINT AS (seq * 2) STORED, PRIMARY KEY (writer, seq))',
  'CREATE TABLE shop.audit (writer INT, seq BIGINT)',
  'CREATE TRIGGER shop.audited AFTER INSERT ON shop.ledger FOR EACH ROW INSERT INTO shop.audit VALUES (NEW.writer, NEW.seq)',
  'CREATE TABLE shop.victim (writer INT, seq BIGINT, t VARCHAR(200), PRIMARY KEY (writer, seq))',
  'CREATE TABLE shop.totals (writer INT PRIMARY KEY, n INT)',
  'INSERT INTO shop.totals VALUES (0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 0), (7, 0)',
]
