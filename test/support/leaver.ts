import { randomBytes } from 'node:crypto'
import { Secret } from '#core/secret'
import type { Engine } from '#engine/engine'
import { quoteIdentifier } from '#engine/quote'
import type { RunningServer } from '#engine/scratch-server'
import type { ConnectOptions, Session } from '#engine/session'

const PASSWORD = 'Zz9!correct-horse'

/**
 * Somebody who made things in a database: two accounts, a view, two routines, triggers between
 * those of others, an event that fires each second, a proxy, and grants made for others.
 */
export class TestLeaver {
  readonly person = `p${randomBytes(4).toString('hex')}`
  readonly colleague = `c${randomBytes(4).toString('hex')}`
  readonly definer = `d${randomBytes(4).toString('hex')}@localhost`
  readonly store: string
  readonly #engine: Engine
  readonly #server: RunningServer
  readonly #session: Session
  readonly #database: string

  constructor(engine: Engine, server: RunningServer, session: Session, database: string) {
    this.#engine = engine
    this.#server = server
    this.#session = session
    this.#database = database
    this.store = `${database}_access`
  }

  /** For the CLI: the server, and a store of this test's own. */
  get environment(): Record<string, string> {
    return {
      ECOMDB_SOCKET: this.#server.socketPath,
      ECOMDB_USER: this.#server.administrator.user,
      ECOMDB_DATABASE: this.#database,
      ECOMDB_ACCESS_DATABASE: this.store,
    }
  }

  get login(): ConnectOptions {
    const { socketPath } = this.#server
    return { socketPath, user: this.person, password: new Secret(PASSWORD) }
  }

  async make(): Promise<void> {
    const { person, colleague } = this
    const theirs = `DEFINER='${person}'@'localhost'`
    const database = quoteIdentifier(this.#database)
    await this.run(
      `CREATE USER '${person}'@'localhost' IDENTIFIED BY '${PASSWORD}', '${person}'@'10.0.0.%' IDENTIFIED BY '${PASSWORD}', '${colleague}'@'localhost' IDENTIFIED BY '${PASSWORD}'`,
      `GRANT SELECT, INSERT, CREATE, TRIGGER, EVENT, CREATE VIEW, CREATE ROUTINE ON ${database}.* TO '${person}'@'localhost' WITH GRANT OPTION`,
      `GRANT PROXY ON '${person}'@'localhost' TO '${colleague}'@'localhost'`,
      `USE ${database}`,
      'CREATE TABLE items (a INT, price DECIMAL(8,2), note VARCHAR(20))',
      'CREATE TABLE log (word VARCHAR(20))',
      'CREATE TABLE secret (a INT)',
      "INSERT INTO items VALUES (1, 9.99, 'x')",
      "SET sql_mode = 'PIPES_AS_CONCAT,ANSI_QUOTES', character_set_client = latin1, collation_connection = latin1_german1_ci",
      `CREATE ${theirs} PROCEDURE named(IN x INT) COMMENT 'it''s' SQL SECURITY DEFINER BEGIN SELECT note || '!' AS n FROM items WHERE a = x; END`,
      `CREATE ${theirs} FUNCTION dearest() RETURNS DECIMAL(8,2) READS SQL DATA RETURN (SELECT MAX(price) FROM items)`,
      'SET sql_mode = DEFAULT, NAMES utf8mb4',
      `CREATE TRIGGER t1 AFTER INSERT ON items FOR EACH ROW INSERT INTO log VALUES ('one')`,
      `CREATE ${theirs} TRIGGER t2 AFTER INSERT ON items FOR EACH ROW INSERT INTO log VALUES ('two')`,
      `CREATE TRIGGER t3 AFTER INSERT ON items FOR EACH ROW INSERT INTO log VALUES ('three')`,
      `CREATE ${theirs} VIEW cheap AS SELECT a FROM items WHERE price < 10 WITH CASCADED CHECK OPTION`,
      `CREATE ${theirs} EVENT each_second ON SCHEDULE EVERY 1 SECOND DO DO SLEEP(0.3)`,
      `GRANT EXECUTE ON PROCEDURE named TO '${colleague}'@'localhost' WITH GRANT OPTION`,
      `GRANT EXECUTE ON FUNCTION dearest TO '${colleague}'@'localhost'`,
      `GRANT SELECT ON cheap TO '${colleague}'@'localhost'`,
    )
    await this.#know()
    const theirSession = await this.#engine.connect(this.login)
    await theirSession.run(`GRANT INSERT ON ${database}.items TO '${colleague}'@'localhost'`)
    await theirSession.close()
  }

  /** What CRED's `user add` would have written. */
  async #know(): Promise<void> {
    const options = { ...this.#session.options, accessDatabase: this.store }
    const session = await this.#engine.connect(options)
    const store = quoteIdentifier(await this.#engine.accessCatalog.ensureStore(session, 'access'))
    await session.close()
    await this.run(
      `INSERT INTO ${store}.person VALUES ('${this.person}', 'Alice Ada', NULL, 'active', UTC_TIMESTAMP(6), NULL)`,
      `INSERT INTO ${store}.account VALUES ('${this.person}', 'localhost', '${this.person}', 'adopted', UTC_TIMESTAMP(6))`,
    )
  }

  async open(number: number): Promise<Session[]> {
    return await Promise.all(Array.from({ length: number }, () => this.#engine.connect(this.login)))
  }

  /** Sessions that the server has open as the person, whatever they are doing. */
  async sessions(): Promise<number> {
    return Number(
      await this.#session.value(
        "SELECT COUNT(*) FROM information_schema.processlist WHERE user = ? AND command <> 'Killed'",
        [this.person],
      ),
    )
  }

  async colleagueSession(): Promise<Session> {
    const { login, colleague } = this
    return await this.#engine.connect({ ...login, user: colleague, database: this.#database })
  }

  async run(...statements: readonly string[]): Promise<void> {
    for (const statement of statements) await this.#session.run(statement)
  }

  async remove(): Promise<void> {
    await this.run(
      `DROP DATABASE IF EXISTS ${quoteIdentifier(this.store)}`,
      `DROP USER IF EXISTS '${this.person}'@'localhost', '${this.person}'@'10.0.0.%', '${this.colleague}'@'localhost', '${this.definer.split('@')[0]}'@'localhost'`,
    )
  }
}
