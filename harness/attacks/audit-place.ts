import { randomBytes } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import { generateSigningKey } from '#crypto/key-files'
import type { AuditPolicy } from '#domain/audit/audit-policy'
import type { SealReport, VerifyReport } from '#domain/audit/audit-report'
import { sha256 } from '#domain/audit/canonical'
import type { ErasureReport } from '#domain/audit/erasure'
import type { CheckpointName } from '#domain/audit/restored-trail'
import type { PruneReport } from '#domain/audit/retention'
import type { Engine } from '#engine/engine'
import type { RunningServer } from '#engine/scratch-server'
import type { ConnectOptions, Session } from '#engine/session'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { eraseFromTrail } from '#workflow/audit/erase-person'
import { type AuditedServer, installAudit } from '#workflow/audit/install-audit'
import { pruneTrail } from '#workflow/audit/prune-trail'
import { type SealOptions, sealTrail } from '#workflow/audit/seal-trail'
import { openServerTrail, verifyTrail } from '#workflow/audit/verify-trail'

/** A run that ended where a test ends it. */
export class CutShort extends Error {}

/** A chat of a few rows, audited, with one legitimate writer: what an attack is tried on. */
export class AuditPlace {
  readonly engine: Engine
  readonly database: string
  readonly store: string
  /** The only writer of the policy. */
  readonly writer: string
  readonly root: Session
  readonly anchor: string
  readonly key = generateSigningKey()
  readonly policy: AuditPolicy
  readonly #server: RunningServer

  private constructor(engine: Engine, server: RunningServer, root: Session, folder: string) {
    const name = randomBytes(4).toString('hex')
    this.engine = engine
    this.#server = server
    this.root = root
    this.database = `chat_${name}`
    this.store = `trail_${name}`
    this.writer = `writer_${name}`
    this.anchor = join(folder, `anchor-${name}`)
    this.policy = {
      tables: ['users', 'messages', 'notes'],
      writers: [
        {
          user: this.writer,
          host: '%',
          tables: null,
          operations: ['insert', 'update', 'delete'],
        },
      ],
      seal: { everyMs: 200, heartbeatMs: 300_000, withinMs: 600_000, maxEvents: 50_000 },
      longestStatementMs: 3_600_000,
      clockSkewMs: 60_000,
      anchors: 1,
      keepMs: null,
      erase: [],
    }
  }

  static async make(engine: Engine, server: RunningServer, folder: string): Promise<AuditPlace> {
    const root = await engine.connect(server.administrator)
    const place = new AuditPlace(engine, server, root, folder)
    const { database, writer } = place
    await mkdir(place.anchor)
    await place.run(
      `CREATE DATABASE ${database}`,
      `CREATE TABLE ${database}.users (id INT PRIMARY KEY, name VARCHAR(50)) ENGINE = InnoDB`,
      `CREATE TABLE ${database}.messages (id INT AUTO_INCREMENT PRIMARY KEY, said_at DATETIME NOT NULL, user_id INT,
         said TEXT, CONSTRAINT of_user FOREIGN KEY (user_id) REFERENCES users (id)) ENGINE = InnoDB`,
      `CREATE TABLE ${database}.notes (id INT AUTO_INCREMENT PRIMARY KEY, said VARCHAR(100)) ENGINE = InnoDB
         PARTITION BY RANGE (id) (PARTITION low VALUES LESS THAN (100), PARTITION high VALUES LESS THAN MAXVALUE)`,
      `INSERT INTO ${database}.users VALUES (1, 'Ann'), (2, 'Bo')`,
      `INSERT INTO ${database}.messages (said_at, user_id, said) VALUES ('2026-01-01 10:00:00', 1, 'my bear lost an arm'),
         ('2026-01-01 10:01:00', 2, 'ä'), ('2026-01-01 10:02:00', 1, NULL)`,
      `INSERT INTO ${database}.notes (said) VALUES ('one'), ('two'), ('three')`,
      `CREATE USER ${writer}@localhost`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ${database}.* TO ${writer}@localhost`,
      `USE ${database}`,
    )
    await place.install()
    await place.seal()
    await place.asWriter(
      `INSERT INTO messages (said_at, user_id, said) VALUES (NOW(), 2, 'refund me'), (NOW(), 1, 'thanks')`,
      `UPDATE messages SET said = 'my bear lost both arms' WHERE id = 1`,
      `UPDATE messages SET said = 'my bear lost no arm' WHERE id = 1`,
      `DELETE FROM messages WHERE id = 3`,
      `INSERT INTO notes (said) VALUES ('four')`,
    )
    await place.seal()
    return place
  }

  get connect(): ConnectOptions {
    const own = { auditDatabase: this.store, accessDatabase: `${this.store}_access` }
    return { ...this.#server.administrator, ...own }
  }

  get audited(): AuditedServer {
    return { engine: this.engine, connect: this.connect, database: this.database }
  }

  async install(baseline = false): Promise<void> {
    const options = {
      ...this.audited,
      tables: this.policy.tables,
      baseline,
      dryRun: false,
    }
    await installAudit(options, silentProgress())
  }

  /** What every command needs that signs a checkpoint. */
  get signing() {
    return {
      ...{ ...this.audited, policy: this.policy, key: this.key, clock: systemClock },
      anchors: [openDirectoryTarget(this.anchor)],
      trustedSigners: [this.key.signer],
    }
  }

  async seal(
    more: Partial<Omit<SealOptions, 'key' | 'clock' | 'anchors' | 'trustedSigners'>> = {},
  ): Promise<SealReport> {
    const reasons = { accept: null, epochBreak: null, follow: false, ...more }
    return await sealTrail({ ...this.signing, ...reasons }, silentProgress())
  }

  /** Retention that keeps nothing: all batches but the newest. */
  async prune(): Promise<PruneReport> {
    const policy = { ...this.policy, keepMs: 0 }
    const confirmed = this.database
    return await pruneTrail({ ...this.signing, policy, confirmed }, silentProgress())
  }

  /**
   * Empties what a user said.
   *
   * @param person null: what the ledger has and this database has not
   * @param how `cut`: the run is dead as soon as the erasure is committed; `before`: is done when
   *   the rows are locked; `meanwhile`: when they are emptied; with the erasure's connection
   */
  async erase(
    person: string | null,
    how: { cut?: boolean } & AmongErasure = {},
  ): Promise<ErasureReport> {
    const { auditTrail } = this.engine
    const erasePerson: typeof auditTrail.erasePerson = async (session, who, sign) => {
      const erased = await auditTrail.erasePerson(amongErasure(session, how), who, sign)
      if (how.cut) throw new CutShort()
      return erased
    }
    const rule = { table: 'messages', where: 'user_id', through: null, empty: ['said'] }
    const options = {
      ...{ ...this.signing, policy: { ...this.policy, erase: [rule] }, confirmed: true },
      engine: { ...this.engine, auditTrail: { ...auditTrail, erasePerson } },
      person: person === null ? null : { key: person, reason: 'ticket' },
    }
    return await eraseFromTrail(options, silentProgress())
  }

  async verify(engine = this.engine): Promise<VerifyReport> {
    const source = await openServerTrail({ ...this.audited, engine }, [
      openDirectoryTarget(this.anchor),
    ])
    const trust = { policy: this.policy, trustedSigners: [this.key.signer], fewerAnchors: false }
    try {
      return await verifyTrail(source, trust, silentProgress())
    } finally {
      await source.close()
    }
  }

  /** Of the database: its number, and the SHA-256 of its file. */
  async newestCheckpoint(): Promise<CheckpointName | null> {
    const [row] = await this.root.rows(
      `SELECT batch_id, statement FROM ${this.store}.batch ORDER BY batch_id DESC LIMIT 1`,
    )
    if (!row) return null
    const file = row['statement'] as Buffer
    return { batch: Number(row['batch_id']), sha256: sha256(file).toString('hex') }
  }

  /** As root. */
  async run(...statements: readonly string[]): Promise<void> {
    for (const statement of statements) await this.root.run(statement)
  }

  /** As root, under the name of what the trail's own triggers let pass. */
  async runAs(task: 'prune' | 'erase', ...statements: readonly string[]): Promise<void> {
    await this.run(`SET @ecomdb_audit_task = '${task}'`)
    try {
      await this.run(...statements)
    } finally {
      await this.run('SET @ecomdb_audit_task = NULL')
    }
  }

  async asWriter(...statements: readonly string[]): Promise<void> {
    const session = await this.writerSession()
    try {
      for (const statement of statements) await session.run(statement)
    } finally {
      await session.close()
    }
  }

  async writerSession(): Promise<Session> {
    const { socketPath } = this.#server.administrator
    return await this.engine.connect({ socketPath, user: this.writer, database: this.database })
  }

  /** The name of the audit's trigger on a table. */
  async triggerOf(table: string, event: 'INSERT' | 'UPDATE' | 'DELETE'): Promise<string> {
    const name = await this.root.value(
      `SELECT trigger_name FROM information_schema.triggers
       WHERE trigger_schema = ? AND event_object_table = ? AND event_manipulation = ?`,
      [this.database, table, event],
    )
    return name ?? ''
  }

  async close(): Promise<void> {
    await this.run(
      `DROP DATABASE IF EXISTS ${this.database}`,
      `DROP DATABASE IF EXISTS ${this.store}`,
      `DROP DATABASE IF EXISTS ${this.store}_access`,
      `DROP USER IF EXISTS ${this.writer}@localhost, ${this.store}@localhost`,
    )
    await this.root.close()
    await rm(this.anchor, { recursive: true, force: true })
  }
}

/** What is done once among the erasure's statements, with the number of its connection. */
interface AmongErasure {
  before?: (connection: number) => Promise<void>
  meanwhile?: (connection: number) => Promise<void>
}

function amongErasure(session: Session, { before, meanwhile }: AmongErasure): Session {
  let done = false
  const run: Session['run'] = async (sql, values) => {
    const empties = !done && /^UPDATE .* AS t SET /.test(sql)
    if (empties) await before?.(session.connectionId)
    const result = await session.run(sql, values)
    if (empties) await meanwhile?.(session.connectionId)
    done ||= empties
    return result
  }
  return {
    ...{
      flavor: session.flavor,
      options: session.options,
      connectionId: session.connectionId,
      run,
    },
    rows: (sql, values) => session.rows(sql, values),
    value: (sql, values) => session.value(sql, values),
    close: () => session.close(),
    destroy: () => session.destroy(),
  }
}
