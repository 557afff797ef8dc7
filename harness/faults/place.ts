import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { engineFor } from '#cli/wire'
import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'
import type { RunningServer } from '#engine/scratch-server'
import type { Session } from '#engine/session'
import { BackupPlace } from '#test/backed-up'
import { type CephGateway, startCeph } from '#test/ceph'
import { serverValues } from '#test/server-values'
import { Case } from './case.ts'

/** Buckets of so many cases fit the memory of one gateway. */
const CASES_PER_GATEWAY = 20

/**
 * One server with a shop, a repository with a first snapshot of it, and a second server to
 * restore into. Every case has a copy of the repository, and a state folder, of its own.
 */
export class Place {
  readonly family: EngineFamily
  readonly engine: Engine
  readonly folder: string
  readonly backup: BackupPlace
  /** The least that each job took to its good end, in milliseconds: by its name. */
  readonly took = new Map<string, number>()
  #source: RunningServer
  #target: RunningServer | null = null
  #ceph: CephGateway | null = null
  #buckets = 0
  #case = 0

  private constructor(engine: Engine, folder: string, backup: BackupPlace, source: RunningServer) {
    this.family = engine.family
    this.engine = engine
    this.folder = folder
    this.backup = backup
    this.#source = source
  }

  static async make(family: EngineFamily, folder: string): Promise<Place> {
    process.env['ECOMDB_STATE'] = join(folder, 'state')
    const engine = await engineFor(family)
    const source = await startServer(engine, join(folder, 'source'))
    const session = await engine.connect(source.administrator)
    if (family === 'mysql') await session.run("INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
    for (const sql of SHOP) await session.run(sql)
    const backup = await BackupPlace.make(join(folder, 'backup'), family)
    await backup.backUp(source, ['shop'])
    // What the next backup has to store.
    for (const sql of MORE) await session.run(sql)
    await session.close()
    return new Place(engine, folder, backup, source)
  }

  get source(): RunningServer {
    return this.#source
  }

  /** Of the servers that all cases share. */
  serverPids(): number[] {
    return [this.#source, this.#target].flatMap(server => (server ? [server.pid] : []))
  }

  async close(): Promise<void> {
    await this.#ceph?.stop()
    for (const name of ['source', 'target']) {
      await this.engine.scratchServers.remove(join(this.folder, name)).catch(() => {})
    }
  }

  /** A fresh copy of the repository, with its ecomdb.yaml. */
  async begin(): Promise<Case> {
    const folder = join(this.folder, `case-${this.#case++}`)
    await mkdir(folder, { recursive: true })
    const one = new Case(this, folder)
    process.env['ECOMDB_STATE'] = one.state
    await cp(this.backup.path, one.repository, { recursive: true })
    await one.configure()
    return one
  }

  /** A gateway with room for another bucket. */
  async ceph(): Promise<CephGateway> {
    if (this.#buckets === CASES_PER_GATEWAY) {
      await this.#ceph?.stop()
      this.#ceph = null
      this.#buckets = 0
    }
    this.#buckets += 1
    this.#ceph ??= await startCeph()
    return this.#ceph
  }

  /** An empty server to restore into; the same for all cases. */
  async target(): Promise<RunningServer> {
    this.#target ??= await startServer(this.engine, join(this.folder, 'target'))
    return this.#target
  }

  /** After a crash: the same server, with what it has. */
  async restart(server: RunningServer): Promise<RunningServer> {
    await this.engine.scratchServers.stop(server.folder).catch(() => {})
    const again = await startServer(this.engine, server.folder)
    if (server === this.#source) this.#source = again
    else this.#target = again
    return again
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

  async run(server: RunningServer, ...statements: string[]): Promise<void> {
    await this.withSession(server, async session => {
      for (const sql of statements) await session.run(sql)
    })
  }

  /** Every value of the shop, as this server takes it apart. */
  async values(server: RunningServer): Promise<Record<string, string[]>> {
    return await this.withSession(server, serverValues)
  }
}

/** One that is killed has all that its log has, and the other way round; scratch servers are quicker than that. */
const DURABLE = ['--sync-binlog=1', '--innodb-flush-log-at-trx-commit=1']

/** With a binary log of small files, so that a case meets the ends of some. */
async function startServer(engine: Engine, folder: string): Promise<RunningServer> {
  const gtids = engine.family === 'mysql' ? ['--gtid-mode=ON', '--enforce-gtid-consistency=ON'] : []
  return await engine.scratchServers.start({
    folder,
    tcp: false,
    purpose: 'drill',
    serverOptions: ['--log-bin=binlog', '--max-binlog-size=262144', ...DURABLE, ...gtids],
  })
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
    { length: 2 },
    () => 'INSERT INTO noise (n, b) SELECT n + 1, RANDOM_BYTES(1000) FROM noise',
  ),
  'CREATE TABLE keyless (n INT, t TEXT)',
  'INSERT INTO keyless SELECT n, HEX(b) FROM noise LIMIT 1000',
  'CREATE TABLE old_engine (id INT PRIMARY KEY, t TEXT) ENGINE=MyISAM',
  'INSERT INTO old_engine SELECT id, HEX(b) FROM noise LIMIT 500',
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
  'INSERT INTO noise (n, b) SELECT n + 2, RANDOM_BYTES(1000) FROM noise LIMIT 3000',
  'INSERT INTO keyless SELECT n, HEX(b) FROM noise ORDER BY id DESC LIMIT 500',
]
