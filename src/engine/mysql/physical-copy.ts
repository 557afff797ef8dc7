import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EcomdbError } from '#core/errors'
import { onInterrupt, throwIfInterrupted } from '#core/interruption'
import type { Position, SourcePosition } from '#domain/backup/position'
import type {
  FilePart,
  PhysicalBackupOptions,
  PhysicalCopy,
  PhysicalFacts,
} from '../physical-backup.ts'
import { quoteString } from '../quote.ts'
import type { RunningServer } from '../scratch-server.ts'
import type { Session } from '../session.ts'
import { requireSource } from '../shared/logical/same-server.ts'
import { restoreAtPoint } from '../shared/logical/unended-restore.ts'
import { openSession } from '../shared/mysql2-session.ts'
import { BlockPool } from '../shared/physical/block-pool.ts'
import { preparedFindings, preparedNow, withoutFileFindings } from '../shared/physical/left-open.ts'
import { refuseEncrypted } from '../shared/physical/observe-source.ts'
import { readFolder } from '../shared/physical/read-folder.ts'
import { commitsInOrder, withPlacesOfWorkers } from '../shared/places-of-workers.ts'
import { scratchServers } from '../shared/scratch-process.ts'
import { makeCloneFolder, removeClone } from './clone-folder.ts'
import { encryptedFiles } from './encrypted-files.ts'
import { mysqlLogicalDialect } from './logical-dialect.ts'
import { copyPersisted } from './persisted-variables.ts'
import { encryptedNow, refuseEmptied, tablesWithoutFile } from './physical-source.ts'
import { mysqlScratch } from './scratch.ts'
import { type WritersWaited, WritersWatch } from './writers-watch.ts'

/** For a server that answers two questions: 165 MB of memory instead of 500 (measured on 9.7). */
const TO_BE_ASKED = [
  '--innodb-buffer-pool-size=32M',
  '--innodb-log-buffer-size=1M',
  '--innodb-redo-log-capacity=16M',
  '--max-connections=10',
  '--table-open-cache=100',
  '--table-definition-cache=400',
  // Nobody logs in with a password: no RSA keys, which take 0.1 s to make. Not in every series.
  '--loose-sha256-password-auto-generate-rsa-keys=OFF',
]

/**
 * CLONE LOCAL into a folder; its files are read when it is complete, and the position is asked
 * of a private server that was started on it with `startOptions`.
 */
export async function startClone(
  options: PhysicalBackupOptions,
  expected: Expected,
): Promise<PhysicalCopy> {
  const folder = await makeCloneFolder(options)
  const copy = new CloneCopy(folder, options, expected)
  // A server goes on with a clone that nobody waits for.
  const forget = onInterrupt(() => copy.close())
  try {
    await copy.clone()
    return copy
  } catch (error) {
    await copy.close()
    throw error
  } finally {
    forget()
  }
}

/** What was known before the copying began. */
interface Expected {
  sourceId: string
  startOptions: readonly string[]
  findings: readonly string[]
}

class CloneCopy implements PhysicalCopy {
  #folder: string
  readonly #options: PhysicalBackupOptions
  readonly #expected: Expected
  readonly #servers = scratchServers(mysqlScratch)
  #donor: Session | null = null
  #cloning = false
  #closed: Promise<void> | null = null
  /** Never later than the truth. */
  #consistentAt: Date
  #prepared: ReadonlySet<string> = new Set()
  /** Findings. */
  #notPersisted: readonly string[] = []
  #waited: WritersWaited | null = null
  /** The server writes a clone as it writes its own files. */
  #direct = false

  constructor(folder: string, options: PhysicalBackupOptions, expected: Expected) {
    this.#folder = folder
    this.#options = options
    this.#expected = expected
    this.#consistentAt = options.now()
  }

  get #data(): string {
    return join(this.#folder, 'data')
  }

  async clone(): Promise<void> {
    this.#folder = await this.#servers.claim(this.#folder)
    const donor = await openSession({ ...this.#options.connect, database: undefined })
    this.#donor = donor
    await requireSource(mysqlLogicalDialect, donor, this.#expected.sourceId)
    this.#options.onStep('cloning')
    const method = await donor.value('SELECT @@global.innodb_flush_method')
    this.#direct = String(method).startsWith('O_DIRECT')
    this.#prepared = await preparedNow(donor)
    const writers = await WritersWatch.begin(this.#options.connect, this.#expected.sourceId)
    try {
      await this.#runClone(donor)
    } finally {
      this.#waited = await writers.end()
    }
    // Some became so while the clone was made.
    refuseEncrypted([...(await encryptedNow(donor)), ...(await encryptedFiles(this.#data))])
    this.#consistentAt = (await endOfCopy(donor)) ?? this.#consistentAt
    this.#notPersisted = await copyPersisted(donor, this.#data)
  }

  async #runClone(donor: Session): Promise<void> {
    throwIfInterrupted()
    this.#consistentAt = this.#options.now()
    this.#cloning = true
    try {
      await donor.run(`CLONE LOCAL DATA DIRECTORY = ${quoteString(this.#data)}`)
    } catch (error) {
      throw cloneFailed(error, this.#data)
    } finally {
      this.#cloning = false
    }
  }

  parts(): AsyncIterable<FilePart> {
    this.#options.onStep('compressing, encrypting and storing files')
    return readFolder(this.#data, { pool: new BlockPool(), direct: this.#direct })
  }

  async finish(): Promise<PhysicalFacts> {
    this.#options.onStep('starting a private server on the clone')
    // The clone's server has settings of its own.
    const ordered = this.#donor !== null && (await commitsInOrder(this.#donor))
    const server = await this.#startOnClone()
    const session = await openSession(server.administrator)
    try {
      // What was made while the clone ran is in the clone as an empty table.
      await refuseEmptied(session)
      const withoutFile = await tablesWithoutFile(session)
      const position = await clonePosition(session, ordered)
      return {
        position,
        consistentAt: this.#consistentAt,
        copiedBy: 'CLONE LOCAL',
        lockedMs: this.#waited?.ms ?? null,
        steps: [
          'CLONE LOCAL copied every InnoDB tablespace',
          ...(this.#waited ? [this.#waited.words] : []),
          `a private ${session.flavor} started on the clone, and said its position`,
        ],
        lsn: null,
        withoutFile,
        findings: [
          ...this.#expected.findings,
          ...this.#notPersisted,
          ...withoutFileFindings(withoutFile),
          // With innodb_file_per_table = OFF its journal has no file that would tell.
          ...(await restoreAtPoint(session)),
          ...preparedFindings(this.#prepared, await preparedNow(session)),
        ],
      }
    } finally {
      await session.close()
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    // Ending our connection does not end the statement.
    if (this.#cloning && this.#donor) {
      await endStatement(this.#options, this.#donor.connectionId, this.#expected.sourceId)
    }
    await this.#donor?.close()
    const left = await removeClone(this.#folder)
    if (left !== null) this.#options.onLeft(left)
  }

  async #startOnClone(): Promise<RunningServer> {
    try {
      return await this.#servers.start({
        folder: this.#folder,
        tcp: false,
        purpose: 'drill',
        serverOptions: [...this.#expected.startOptions, ...TO_BE_ASKED],
      })
    } catch (error) {
      if (!(error instanceof EcomdbError)) throw error
      throw new EcomdbError(error.code, {
        what: 'no server starts on the clone, so it is no backup',
        why: error.message,
        hints: [
          'the mysqld on this host must be of the version that was cloned',
          'run as root, or as the account of the server, whose files the clone has',
        ],
        cause: error,
      })
    }
  }
}

/** When the copied log ended: from there on nothing is in the clone. Null where the server does not tell. */
async function endOfCopy(session: Session): Promise<Date | null> {
  const at = await session.value(
    "SELECT UNIX_TIMESTAMP(BEGIN_TIME) FROM performance_schema.clone_progress WHERE STAGE = 'REDO COPY'",
  )
  return at ? new Date(Number(at) * 1000) : null
}

async function clonePosition(session: Session, ordered: boolean): Promise<Position> {
  const [row] = await session.rows(
    'SELECT BINLOG_FILE AS file, BINLOG_POSITION AS offset, GTID_EXECUTED AS gtids FROM performance_schema.clone_status',
  )
  const file = row?.['file'] ? String(row['file']) : null
  const gtidSet = String(row?.['gtids'] ?? '').replaceAll('\n', '')
  const seen = await cloneSources(session, gtidSet)
  const ask = async (sql: string) => (await session.rows(sql)).map(one => Object.values(one))
  const sources = await withPlacesOfWorkers(ask, seen, ordered)
  return {
    engine: 'mysql',
    file,
    offset: file ? Number(row?.['offset']) : null,
    gtidSet,
    ...(sources.length > 0 ? { sources } : {}),
  }
}

/**
 * Of a replica: these tables are written with each transaction that is applied, so they are of the same
 * moment as the rows. The server itself may say nothing of them: its relay log is not cloned.
 */
async function cloneSources(session: Session, gtidSet: string): Promise<SourcePosition[]> {
  const rows = await session.rows(
    `SELECT m.Channel_name AS channel, m.Host AS host, m.Port AS port, r.Master_log_name AS file, r.Master_log_pos AS offset
       FROM mysql.slave_master_info m JOIN mysql.slave_relay_log_info r ON r.Channel_name = m.Channel_name
      WHERE m.Channel_name NOT LIKE 'group\\_replication\\_%' AND m.Host <> '' ORDER BY 1`,
  )
  return rows.map(({ channel, host, port, file, offset }) => ({
    channel: String(channel),
    host: String(host),
    port: Number(port),
    file: file ? String(file) : null,
    offset: file ? Number(offset) : null,
    gtidSet,
  }))
}

/** A clone that is ended still writes for a moment, into a folder that is to be removed. */
const ENDING_MS = 15_000

/** Resolves when its session is gone, with all that it was writing. */
async function endStatement(
  { connect }: PhysicalBackupOptions,
  connectionId: number,
  sourceId: string,
): Promise<void> {
  const session = await openSession({ ...connect, database: undefined }).catch(() => null)
  if (!session) return
  const isThere = `SELECT COUNT(*) FROM performance_schema.threads WHERE PROCESSLIST_ID = ${connectionId}`
  const deadline = performance.now() + ENDING_MS
  try {
    // On another server by now it is somebody else's.
    await requireSource(mysqlLogicalDialect, session, sourceId)
    await session.run(`KILL ${connectionId}`)
    while (performance.now() < deadline && Number(await session.value(isThere)) > 0) await sleep(50)
  } catch {
    // It has ended, or its server is gone.
  } finally {
    await session.close()
  }
}

function cloneFailed(error: unknown, folder: string): unknown {
  if (!(error instanceof EcomdbError)) return error
  const place = [
    'the server itself writes the clone: run ecomdb as the account that the server runs as',
    'or as root, with --clone-folder and a folder that belongs to that account',
  ]
  return new EcomdbError(error.code, {
    what: `the server did not clone itself into ${folder}`,
    ...(error.why ? { why: error.why } : {}),
    hints:
      error.code === 'PRIVILEGE_MISSING'
        ? ['as an administrator: GRANT BACKUP_ADMIN ON *.* TO the account']
        : /redo log/i.test(error.why ?? '')
          ? [
              'ALTER INSTANCE ENABLE INNODB REDO_LOG there, when what it was turned off for is done; until then a crash of the server may cost all of its data',
              'or run `ecomdb backup logical`, which does not need it',
            ]
          : /within the current data directory/i.test(error.why ?? '')
            ? ['set ECOMDB_STATE, or give --clone-folder, to a folder outside of it']
            : place,
    cause: error.cause ?? error,
  })
}
