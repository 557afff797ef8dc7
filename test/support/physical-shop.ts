import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { engineFor } from '#cli/wire'
import type { Position } from '#domain/backup/position'
import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'
import type { RunningServer } from '#engine/scratch-server'
import type { Session } from '#engine/session'
import { runProgram } from '#process/run-program'
import { type CliResult, runEcomdb } from '#test/cli'
import { makeFolder } from '#test/temporary'

/**
 * A server with a binary log, a shop of a few tables, a repository and its configuration. Its
 * journal's rows are written one by one, so that the binary log tells how many there were at
 * any position.
 */
export class PhysicalShop {
  readonly folder: string
  readonly engine: Engine
  readonly server: RunningServer
  readonly session: Session

  private constructor(folder: string, engine: Engine, server: RunningServer, session: Session) {
    this.folder = folder
    this.engine = engine
    this.server = server
    this.session = session
  }

  static async make(family: EngineFamily): Promise<PhysicalShop> {
    const folder = await makeFolder()
    const engine = await engineFor(family)
    const started = await engine.scratchServers.start({
      folder: join(folder, 'server'),
      tcp: false,
      purpose: 'sandbox',
      serverOptions: family === 'mariadb' ? ['--symbolic-links'] : [],
    })
    const root = await engine.connect(started.administrator)
    for (const sql of KEEPER) await root.run(sql)
    await root.close()
    const server = { ...started, administrator: { ...started.administrator, user: 'keeper' } }
    const session = await engine.connect(server.administrator)
    const shop = new PhysicalShop(folder, engine, server, session)
    if (family === 'mysql') await session.run("INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
    for (const sql of SCHEMA) await session.run(sql)
    const init = ['init', '--yes', '--target', 'backups', '--user', 'keeper']
    const made = await shop.ecomdb(...init, '--socket', server.socketPath)
    if (made.status !== 0) throw new Error(made.stderr)
    return shop
  }

  async remove(): Promise<void> {
    await this.session.close()
    await this.engine.scratchServers.remove(this.server.folder)
    await rm(this.folder, { recursive: true, force: true })
  }

  ecomdb(...args: string[]): Promise<CliResult> {
    return runEcomdb(args, { cwd: this.folder })
  }

  /** Of `whileWriting`: what was committed, and how long the slowest transaction took. */
  written = { transactions: 0, longestMs: 0 }

  /** Moves money and writes it down, one transaction after another, while `work` runs. */
  async whileWriting<Result>(work: () => Promise<Result>, writers = 1): Promise<Result> {
    const sessions = await Promise.all(
      Array.from({ length: writers }, () => this.engine.connect(this.server.administrator)),
    )
    let ended = false
    this.written = { transactions: 0, longestMs: 0 }
    const writing = sessions.map(async session => {
      while (!ended) {
        const began = performance.now()
        await transfer(session)
        this.written.transactions += 1
        this.written.longestMs = Math.max(this.written.longestMs, performance.now() - began)
      }
    })
    try {
      return await work()
    } finally {
      ended = true
      await Promise.all(writing)
      for (const session of sessions) await session.close()
    }
  }

  /** How many rows were written into the journal up to here, by the binary log. */
  async journaledAt({ file, offset }: Position): Promise<number> {
    const names = (await this.session.rows('SHOW BINARY LOGS')).map(row => String(row['Log_name']))
    const upTo = names.slice(0, names.indexOf(String(file)) + 1)
    const tool = this.engine.family === 'mysql' ? 'mysqlbinlog' : 'mariadb-binlog'
    const { stdout } = await runProgram(this.engine.installation().program(tool), [
      '--no-defaults',
      '--base64-output=decode-rows',
      '--verbose',
      `--stop-position=${offset}`,
      ...upTo.map(name => join(this.server.folder, 'data', name)),
    ])
    return stdout.toString('latin1').match(/^### INSERT INTO `bank`.`journal`/gm)?.length ?? 0
  }

  /** A private server on a restored data directory, with the copy's own accounts off. */
  async onRestored<Result>(
    name: string,
    use: (session: Session) => Promise<Result>,
  ): Promise<Result> {
    const { scratchServers, physicalBackups } = this.engine
    const folder = await scratchServers.claim(join(this.folder, name))
    const server = await scratchServers.start({
      folder,
      tcp: false,
      purpose: 'drill',
      asItIs: true,
      serverOptions: physicalBackups.serverOptions({}),
    })
    const session = await this.engine.connect(server.administrator)
    try {
      return await use(session)
    } finally {
      await session.close()
      await scratchServers.remove(folder)
    }
  }
}

async function transfer(session: Session): Promise<void> {
  await session.run('START TRANSACTION')
  await session.run('UPDATE bank.accounts SET balance = balance - 1 WHERE id = 1')
  await session.run('INSERT INTO bank.journal (note) VALUES (REPEAT("n", 300))')
  await session.run('UPDATE bank.accounts SET balance = balance + 1 WHERE id = 2')
  await session.run('COMMIT')
}

/** As on most servers root has a password, which nobody who works on copies of it knows. */
const KEEPER = [
  'CREATE USER keeper@localhost',
  'GRANT ALL ON *.* TO keeper@localhost WITH GRANT OPTION',
  "ALTER USER root@localhost IDENTIFIED BY 'Secret-of-root1!'",
]

const SCHEMA = [
  'CREATE DATABASE bank',
  'CREATE TABLE bank.accounts (id INT PRIMARY KEY, balance INT NOT NULL) ENGINE = InnoDB',
  'INSERT INTO bank.accounts VALUES (1, 1000), (2, 1000)',
  'CREATE TABLE bank.journal (id INT AUTO_INCREMENT PRIMARY KEY, note TEXT) ENGINE = InnoDB',
  'CREATE TABLE bank.`odd name/é` (a INT, b VARBINARY(20)) ENGINE = InnoDB',
  "INSERT INTO bank.`odd name/é` VALUES (1, x'00ff'), (NULL, NULL), (1, x'00ff')",
  'CREATE VIEW bank.total AS SELECT SUM(balance) AS sum FROM bank.accounts',
  "CREATE USER ann@'%' IDENTIFIED BY 'Secret-of-ann1!'",
]
