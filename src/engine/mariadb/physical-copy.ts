import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { EcomdbError, messageOf } from '#core/errors'
import { freePiece } from '#core/free-memory'
import type { LogSequence } from '#domain/backup/envelope'
import type { TableName } from '#domain/backup/physical-manifest'
import type { Position, SourcePosition } from '#domain/backup/position'
import { type StartedProgram, startProgram } from '#process/start-program'
import { findInstallation } from '../installation.ts'
import type {
  FilePart,
  PhysicalBackupOptions,
  PhysicalCopy,
  PhysicalFacts,
  PhysicalSource,
} from '../physical-backup.ts'
import type { ConnectOptions } from '../session.ts'
import { withGtidsOfLog } from '../shared/gtids-of-log.ts'
import { openSession } from '../shared/mysql2-session.ts'
import { BlockPool } from '../shared/physical/block-pool.ts'
import { preparedFindings, preparedNow, withoutFileFindings } from '../shared/physical/left-open.ts'
import { refuseEncrypted } from '../shared/physical/observe-source.ts'
import { endWaitForStage, HeldStage } from './backup-stage.ts'
import { damagedPage } from './damaged-page.ts'
import { encryptedNow } from './encrypted-now.ts'
import { writeOptionFile } from './option-file.ts'
import { redoLogBegin } from './redo-log.ts'
import { TablesOfCopy } from './tables-of-copy.ts'
import {
  highestIds,
  importedSince,
  namesOf,
  refuseImported,
  requireComplete,
  type TableFiles,
  tableFilesOf,
} from './tablespaces.ts'
import { XbstreamReader } from './xbstream.ts'

/** Small files at the end of the stream; mariadb-backup renames them in MariaDB 11. */
const INFO_FILE = /^(?:xtrabackup|mariadb_backup)_(binlog_info|checkpoints|info|slave_info)$/

/**
 * One thread waits for the disk and for us in turn, and we for it: a tenth of the time of a backup
 * of 850 MiB on two processors.
 */
const COPYING_THREADS = '--parallel=2'

const HOLD_SECONDS = 60

/** mariadb-backup, streaming the files of a running server. */
export async function startMariadbBackup(
  options: PhysicalBackupOptions,
  lineage: string,
  { findings = [], sources = [] }: Pick<PhysicalSource, 'findings' | 'sources'>,
): Promise<PhysicalCopy> {
  const { workFolder, since } = options
  const optionFile = await writeOptionFile(workFolder, 'mariadb-backup', options.connect)
  const before = await lookAtServer(options.connect)
  const target = join(workFolder, 'target')
  await mkdir(target, { mode: 0o700 })
  let program: StartedProgram | null = null
  const stage = new HeldStage(options.holdSeconds ?? HOLD_SECONDS, () => {
    void endWaitForStage(options.connect).finally(() => program?.kill())
  })
  const log = new BackupLog(options, stage)
  program = startProgram(
    findInstallation('mariadb').program('mariadb-backup'),
    [
      `--defaults-file=${optionFile}`,
      '--backup',
      '--stream=xbstream',
      COPYING_THREADS,
      `--target-dir=${target}`,
      `--tmpdir=${workFolder}`,
      ...(since ? [`--incremental-lsn=${since.to}`] : []),
      ...(sources.length > 0 ? ['--slave-info'] : []),
    ],
    { cwd: workFolder, onLine: line => log.read(line) },
  )
  const { connect } = options
  return new MariadbCopy(program, log, { lineage, since, findings, sources, connect, before })
}

/** What is looked at before the copy, and again at its end. */
interface Seen {
  files: TableFiles | null
  /** The data directory. */
  folder: string
  withoutFile: readonly TableName[]
  /** See preparedNow. */
  prepared: ReadonlySet<string>
  logBegin: string | null
}

async function lookAtServer(connect: ConnectOptions): Promise<Seen> {
  const session = await openSession({ ...connect, database: undefined })
  try {
    const files = await tableFilesOf(session)
    return {
      files,
      folder: (await session.value('SELECT @@datadir')) ?? '',
      withoutFile: await namesOf(session, files?.without ?? []),
      prepared: await preparedNow(session),
      logBegin: await redoLogBegin(session),
    }
  } finally {
    await session.close()
  }
}

async function lookAtEncrypted(connect: ConnectOptions): Promise<readonly string[]> {
  const session = await openSession({ ...connect, database: undefined })
  try {
    return await encryptedNow(session)
  } finally {
    await session.close()
  }
}

/** What was known before the copying began. */
interface Expected {
  lineage: string
  since: LogSequence | null
  findings: readonly string[]
  sources: readonly SourcePosition[]
  connect: ConnectOptions
  before: Seen
}

class MariadbCopy implements PhysicalCopy {
  readonly #program: StartedProgram
  readonly #log: BackupLog
  readonly #expected: Expected
  readonly #info = new Map<string, string>()
  readonly #paths = new Set<string>()
  readonly #tables = new TablesOfCopy()
  #taken = false

  constructor(program: StartedProgram, log: BackupLog, expected: Expected) {
    this.#program = program
    this.#log = log
    this.#expected = expected
  }

  async *parts(): AsyncGenerator<FilePart> {
    const reader = new XbstreamReader(new BlockPool())
    for await (const piece of this.#program.output as AsyncIterable<Buffer>) {
      for (const part of read(() => [...reader.push(piece)])) {
        this.#keep(part)
        yield part
      }
      // 64 KiB each: the garbage of a gigabyte made the collector run for each 16 MiB of it.
      freePiece(piece)
    }
    // A stream that is cut off says less than the program that was to write it.
    await this.#ended()
    read(() => reader.end())
    this.#taken = true
  }

  async finish(): Promise<PhysicalFacts> {
    if (!this.#taken) throw new Error('the files were not taken to their end')
    await this.#ended()
    if (!this.#log.completed) throw notAStream('it did not end with "completed OK!"')
    const checkpoints = settingsIn(this.#info.get('checkpoints') ?? '')
    const [from, to] = [checkpoints.get('from_lsn'), checkpoints.get('to_lsn')]
    if (!from || !to) throw notAStream('it has no log sequence numbers')
    const { since, lineage, before, connect } = this.#expected
    const after = await lookAtServer(connect)
    const encrypted = [...(await this.#log.encrypted), ...(await lookAtEncrypted(connect))]
    refuseEncrypted([...new Set(encrypted)])
    await this.#requireTables(after)
    this.#tables.requireFiles(this.#paths)
    const highest = highestIds(before.files)
    const { logBegin } = before
    if (from !== (since?.to ?? '0')) throw notAStream(`it begins at ${from}`)
    const version = settingsIn(this.#info.get('info') ?? '').get('tool_version')
    return {
      position: await this.#position(),
      consistentAt: this.#log.consistentAt(),
      copiedBy: `mariadb-backup${version ? ` ${version}` : ''}`,
      lockedMs: this.#log.lockedMs(),
      steps: [
        `mariadb-backup copied the files and the log up to LSN ${to}, under BACKUP STAGE`,
        ...this.#log.heldWords(),
        'mariadb-backup ended with status 0 and "completed OK!"',
      ],
      lsn: { from, to, of: lineage, ...(highest && { highest }), ...(logBegin && { logBegin }) },
      withoutFile: after.withoutFile,
      findings: [
        ...this.#expected.findings,
        ...withoutFileFindings(after.withoutFile),
        ...preparedFindings(before.prepared, after.prepared),
      ],
    }
  }

  async close(): Promise<void> {
    this.#log.stage.stop()
    this.#program.kill()
    await this.#program.ended.catch(() => {})
  }

  async #requireTables({ files: after, folder }: Seen): Promise<void> {
    const { since, before } = this.#expected
    if (!before.files || !after) return
    const highest = since?.highest ?? highestIds(before.files)
    if (highest) refuseImported(await importedSince(after.spaces, highest, folder))
    requireComplete(before.files.spaces, after.spaces, this.#paths)
  }

  async #position(): Promise<Position> {
    const noted = { ...positionIn(this.#info.get('binlog_info')), ...this.#sources() }
    const session = await openSession({ ...this.#expected.connect, database: undefined })
    try {
      return await withGtidsOfLog(session, noted)
    } finally {
      await session.close()
    }
  }

  #sources(): Pick<Position, 'sources'> {
    const { sources } = this.#expected
    return sources.length > 0 ? { sources: sourcesIn(sources, this.#info.get('slave_info')) } : {}
  }

  async #ended(): Promise<void> {
    try {
      await this.#program.ended
    } catch (error) {
      throw (
        this.#log.refused() ?? this.#log.noIncrement(error) ?? this.#log.heldTooLong(error) ?? error
      )
    }
  }

  #keep(part: FilePart): void {
    this.#tables.see(part)
    if (part.kind === 'gone') this.#paths.delete(part.path)
    else this.#paths.add(part.path)
    const [, name] = INFO_FILE.exec(part.path) ?? []
    if (name === undefined || part.kind !== 'block') return
    this.#info.set(name, (this.#info.get(name) ?? '') + part.bytes.toString('utf8'))
  }
}

/** @throws EcomdbError TOOL_FAILED for bytes that are no stream */
function read<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    throw notAStream(error)
  }
}

type LogOptions = Pick<PhysicalBackupOptions, 'now' | 'onStep' | 'holdSeconds' | 'connect'>

/** What mariadb-backup says of its work, with the times at which it says it. */
class BackupLog {
  readonly #options: LogOptions
  completed = false
  /**
   * What the server encrypts while no table can be made or altered, and so in the copy: before and after it a table may
   * be as it was, and the copy have one that nobody can open.
   */
  encrypted: Promise<readonly string[]> = Promise.resolve([])
  #blocked: Date | null = null
  #released: Date | null = null
  readonly #missing: string[] = []
  #otherUndo = false
  #damaged: EcomdbError | null = null
  readonly #began: Date
  readonly stage: HeldStage

  constructor(options: LogOptions, stage: HeldStage) {
    this.#options = options
    this.stage = stage
    this.#began = options.now()
  }

  read(line: string): void {
    if (line.endsWith('completed OK!')) this.completed = true
    this.stage.read(line)
    this.#damaged ??= damagedPage(line)
    const [, missing] = /Error: missing required privilege (.+) on \*\.\*/.exec(line) ?? []
    if (missing) this.#missing.push(missing)
    if (line.includes('different innodb_undo_tablespaces')) this.#otherUndo = true
    // Commits wait from here on, so that everything later is not in the copy.
    if (line.includes('Starting BACKUP STAGE BLOCK_COMMIT')) {
      this.#blocked = this.#options.now()
      this.encrypted = lookAtEncrypted(this.#options.connect)
      // Whoever asks for it is told; a copy that fails before is not asked.
      this.encrypted.catch(() => {})
      this.#options.onStep('waiting for the end of mariadb-backup')
    }
    if (line.includes('Executing BACKUP STAGE END')) this.#released = this.#options.now()
  }

  /** Instead of the program's own words, which show rows, or grants with the hash of the account's password. */
  refused(): EcomdbError | null {
    if (this.#missing.length === 0) return this.#damaged
    const missing = this.#missing.join(', ')
    return new EcomdbError('PRIVILEGE_MISSING', {
      what: 'the account may not copy the data files',
      why: `mariadb-backup says that it lacks ${missing} on *.*`,
      hints: [
        `as an administrator: GRANT ${missing} ON *.* TO the account`,
        'run `ecomdb doctor` to see all privileges that a backup uses; docs/backup.md has them in one statement',
      ],
    })
  }

  /** Its files of before have no place in a copy with more or fewer of them, and it does not get further. */
  noIncrement(cause: unknown): EcomdbError | null {
    if (!this.#otherUndo) return null
    return new EcomdbError('UNSUPPORTED', {
      what: 'there is nothing that an incremental backup could build on',
      why: 'the server was started with another innodb_undo_tablespaces since the base',
      hints: ['run `ecomdb backup physical` without --incremental first'],
      cause,
    })
  }

  /** How long tables without transactions were closed to writers, in words. */
  heldWords(): string[] {
    const { heldMs } = this.stage
    return heldMs === null
      ? []
      : [`Aria and MyISAM tables were closed to writers for ${heldMs} ms at most`]
  }

  heldTooLong(cause: unknown): EcomdbError | null {
    if (!this.stage.isOver) return null
    return new EcomdbError('NOT_CONSISTENT', {
      what: 'Aria and MyISAM tables were not copied while their writers waited',
      why: `BACKUP STAGE BLOCK_DDL was held, or waited for a statement that writes such a table, for ${this.#options.holdSeconds ?? HOLD_SECONDS} s, which is the limit`,
      hints: [
        'raise --hold: their writers wait for that long',
        'run it when no statement writes such a table for long',
        'ALTER TABLE … ENGINE=InnoDB gives a table transactions',
      ],
      again: false,
      cause,
    })
  }

  /** Never later than the truth; the begin where the program did not say. */
  consistentAt(): Date {
    return this.#blocked ?? this.#began
  }

  lockedMs(): number | null {
    if (!this.#blocked || !this.#released) return null
    return Math.max(0, this.#released.getTime() - this.#blocked.getTime())
  }
}

/** `name = value` lines. */
function settingsIn(text: string): Map<string, string> {
  const pairs = [...text.matchAll(/^(\w+) *= *(.*)$/gm)]
  return new Map(pairs.map(([, name = '', value = '']) => [name, value.trim()]))
}

/** `file TAB offset TAB GTIDs`; without a binary log there is no such file. */
function positionIn(text: string | undefined): Position {
  const [file, offset, gtidSet] = (text ?? '').trim().split('\t')
  return {
    engine: 'mariadb',
    file: file ? file : null,
    offset: offset ? Number(offset) : null,
    gtidSet: gtidSet ?? '',
  }
}

/**
 * Where a replica was while commits waited, as statements: `CHANGE MASTER 'name' TO MASTER_LOG_FILE='file',
 * MASTER_LOG_POS=offset`, or by GTIDs, `SET GLOBAL gtid_slave_pos = 'set'`. What it does not name is not known.
 */
function sourcesIn(sources: readonly SourcePosition[], text = ''): SourcePosition[] {
  const gtidSet = /gtid_slave_pos *= *'([^']*)'/i.exec(text)?.[1] ?? ''
  const places = [
    ...text.matchAll(
      /CHANGE MASTER(?: '([^']*)')? TO MASTER_LOG_FILE='([^']*)', MASTER_LOG_POS=(\d+)/gi,
    ),
  ]
  return sources.map(source => {
    const [, , file, offset] = places.find(([, name = '']) => name === source.channel) ?? []
    return { ...source, file: file || null, offset: file ? Number(offset) : null, gtidSet }
  })
}

function notAStream(error: unknown): EcomdbError {
  return new EcomdbError('TOOL_FAILED', {
    what: "mariadb-backup's stream cannot be used",
    why: messageOf(error),
    hints: ['run the backup again; nothing was published'],
    cause: error,
  })
}
