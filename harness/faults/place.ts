import { spawn } from 'node:child_process'
import { cp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { engineFor } from '#cli/wire'
import { packageRoot } from '#core/paths'
import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'
import type { RunningServer } from '#engine/scratch-server'
import type { Session } from '#engine/session'
import { BackupPlace } from '#test/backed-up'
import { type CliResult, cliEnvironment, runEcomdb } from '#test/cli'
import { serverValues } from '#test/server-values'
import { writeConfig } from '#test/stored-repository'

/** A run of the tool: how it ended, and whether it was killed before it could. */
export interface ToolRun {
  status: number | null
  stderr: string
  stdout: string
}

/**
 * One server with a shop, a repository with a first snapshot of it, and a second server to
 * restore into. Every case has a copy of the repository, and a state folder, of its own.
 */
export class Place {
  readonly family: EngineFamily
  readonly engine: Engine
  readonly folder: string
  readonly #backup: BackupPlace
  #source: RunningServer
  #target: RunningServer | null = null
  #case = 0

  private constructor(
    family: EngineFamily,
    engine: Engine,
    folder: string,
    backup: BackupPlace,
    source: RunningServer,
  ) {
    this.family = family
    this.engine = engine
    this.folder = folder
    this.#backup = backup
    this.#source = source
  }

  static async make(family: EngineFamily, folder: string): Promise<Place> {
    process.env['ECOMDB_STATE'] = join(folder, 'state')
    const engine = await engineFor(family)
    const source = await engine.scratchServers.start({
      folder: join(folder, 'source'),
      tcp: false,
      purpose: 'drill',
    })
    const session = await engine.connect(source.administrator)
    for (const sql of SHOP) await session.run(sql)
    const backup = await BackupPlace.make(join(folder, 'backup'), family)
    await backup.backUp(source, ['shop'])
    // What the next backup has to store.
    for (const sql of MORE) await session.run(sql)
    await session.close()
    return new Place(family, engine, folder, backup, source)
  }

  get keys(): BackupPlace['config'] {
    return this.#backup.config
  }

  get source(): RunningServer {
    return this.#source
  }

  async close(): Promise<void> {
    for (const name of ['source', 'target']) {
      await this.engine.scratchServers.remove(join(this.folder, name)).catch(() => {})
    }
  }

  /** A fresh copy of the repository, with its ecomdb.yaml. */
  async begin(): Promise<Case> {
    const folder = join(this.folder, `case-${this.#case++}`)
    await mkdir(folder, { recursive: true })
    const one = new Case(this, folder, join(folder, 'repository'))
    await cp(this.#backup.path, one.repository, { recursive: true })
    const { trustedSigners, recipients, signingKeyFile, dedupKeyFile, identityFiles } =
      this.#backup.config
    await writeConfig(one.config, one.repository, trustedSigners, [
      `recipients: ${JSON.stringify(recipients)}`,
      `signing_key_file: ${signingKeyFile}`,
      `dedup_key_file: ${dedupKeyFile}`,
      `identity_files: ${JSON.stringify(identityFiles)}`,
    ])
    return one
  }

  /** An empty server to restore into; the same for one case. */
  async target(fresh = false): Promise<RunningServer> {
    const folder = join(this.folder, 'target')
    if (fresh) {
      await this.engine.scratchServers.remove(folder).catch(() => {})
      this.#target = null
    }
    this.#target ??= await this.#start(folder)
    return this.#target
  }

  /** After a crash: the same server, with what it has. */
  async restart(server: RunningServer): Promise<RunningServer> {
    await this.engine.scratchServers.stop(server.folder).catch(() => {})
    const again = await this.#start(server.folder)
    if (server === this.#source) this.#source = again
    else this.#target = again
    return again
  }

  async #start(folder: string): Promise<RunningServer> {
    return await this.engine.scratchServers.start({ folder, tcp: false, purpose: 'drill' })
  }

  async withSession<Result>(
    server: RunningServer,
    use: (session: Session) => Promise<Result>,
  ): Promise<Result> {
    const session = await this.engine.connect(server.administrator)
    try {
      return await use(session)
    } finally {
      await session.close()
    }
  }

  /** Every value of the shop, as this server takes it apart. */
  async values(server: RunningServer): Promise<Record<string, string[]>> {
    return await this.withSession(server, serverValues)
  }
}

/** One repository, one state folder, and the tool on them. */
export class Case {
  readonly place: Place
  readonly folder: string
  repository: string

  constructor(place: Place, folder: string, repository: string) {
    this.place = place
    this.folder = folder
    this.repository = repository
  }

  get config(): string {
    return join(this.folder, 'ecomdb.yaml')
  }

  get state(): string {
    return join(this.folder, 'state')
  }

  get #env(): Record<string, string> {
    return {
      ECOMDB_STATE: this.state,
      ECOMDB_CONFIG: this.config,
      ECOMDB_SOCKET: this.place.source.socketPath,
      ECOMDB_USER: 'root',
      ECOMDB_ENGINE: this.place.family,
    }
  }

  /** Runs to its end. */
  async ecomdb(...args: string[]): Promise<CliResult> {
    return await runEcomdb(args, { env: this.#env, cwd: this.folder })
  }

  /**
   * Starts the tool with progress as JSON lines, and lets `interfere` do something to it.
   * @returns how it ended; status null when a signal ended it
   */
  async interfered(args: readonly string[], interfere: Interference): Promise<ToolRun> {
    const child = spawn(join(packageRoot(), 'bin/ecomdb'), [...args, '--progress', 'json'], {
      cwd: this.folder,
      env: cliEnvironment(this.folder, this.#env),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const run: ToolRun = { status: null, stderr: '', stdout: '' }
    const timer =
      interfere.afterMs === undefined ? undefined : setTimeout(() => act(), interfere.afterMs)
    let acted = false
    const act = (): void => {
      if (acted) return
      acted = true
      interfere.act(child.pid ?? 0)
    }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      run.stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      run.stderr += text
      if (
        interfere.atStage !== undefined &&
        run.stderr.includes(JSON.stringify(interfere.atStage))
      ) {
        act()
      }
    })
    run.status = await new Promise(resolve => child.once('close', code => resolve(code)))
    clearTimeout(timer)
    return run
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** What is done to a run, and when: at a named stage, or after so many milliseconds. */
export interface Interference {
  atStage?: string
  afterMs?: number
  act(pid: number): void
}

const SHOP = [
  'CREATE DATABASE shop',
  'USE shop',
  'CREATE TABLE products (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(50), price DECIMAL(8,2))',
  "INSERT INTO products (name, price) VALUES ('bear', 49.99), ('panda', 59.99)",
  'CREATE TABLE noise (id INT PRIMARY KEY AUTO_INCREMENT, n INT, b BLOB, KEY by_n (n), KEY by_b (b(20), n))',
  `INSERT INTO noise (n, b) WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 1000)
     SELECT i * 7 % 1000, RANDOM_BYTES(1000) FROM s`,
  ...Array.from(
    { length: 3 },
    () => 'INSERT INTO noise (n, b) SELECT n + 1, RANDOM_BYTES(1000) FROM noise',
  ),
  'CREATE TABLE keyless (n INT, t TEXT)',
  'INSERT INTO keyless SELECT n, HEX(b) FROM noise LIMIT 4000',
  'CREATE TABLE old_engine (id INT PRIMARY KEY, t TEXT) ENGINE=MyISAM',
  'INSERT INTO old_engine SELECT id, HEX(b) FROM noise LIMIT 1000',
  'CREATE TABLE lines_of (id INT PRIMARY KEY, product_id INT, CONSTRAINT of_product FOREIGN KEY (product_id) REFERENCES products (id))',
  'INSERT INTO lines_of VALUES (1, 1), (2, 2)',
  'CREATE VIEW totals AS SELECT COUNT(*) AS n FROM products',
  'CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC RETURN n * 2',
  'CREATE TRIGGER round_it BEFORE INSERT ON lines_of FOR EACH ROW SET NEW.id = twice(NEW.id)',
  "CREATE USER 'ann'@'%' IDENTIFIED BY 'Secret1'",
  "GRANT SELECT ON shop.* TO 'ann'@'%'",
]

const MORE = [
  'USE shop',
  'INSERT INTO noise (n, b) SELECT n + 2, RANDOM_BYTES(1000) FROM noise LIMIT 6000',
  'INSERT INTO keyless SELECT n, HEX(b) FROM noise ORDER BY id DESC LIMIT 1000',
]
