import { createHash, type Hash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import type { Progress } from '#core/progress'
import { type CsvField, CsvScanner } from '#domain/load/csv-scanner'
import type { FilePlan } from '#domain/load/match-header'
import type { Problem } from '#domain/load/problem'
import type { Reject } from '#domain/load/reject'
import { type RowBatch, RowBatchBuilder } from '#domain/load/row-batch'
import type {
  BatchCounts,
  BatchReject,
  FileProgress,
  JournalEntry,
  LoadSession,
  OnConflict,
} from '#engine/loader'
import { type InputFile, openInput } from './input-file.ts'
import type { RejectsFile } from './rejects-file.ts'

/** What became of a file's rows; `rejected` counts those that could not be read, too. */
export interface FileOutcome extends BatchCounts {
  /** Where an earlier load of the file, which was cut short, had come to; null for none. */
  resumedAtLine: number | null
}

export interface FileLoad {
  input: InputFile
  plan: FilePlan
  session: LoadSession
  rejects: RejectsFile
  onConflict: OnConflict
  dryRun: boolean
  progress: Progress
}

const READ_BYTES = 256 * 1024
/** What is kept of a row that cannot be loaded. */
const KEPT_BYTES = 64 * 1024
/** A batch is one transaction: large enough that its commit costs nothing, small to repeat. */
const BATCH_BYTES = 4 * 1024 * 1024
const BATCH_REJECTS = 10_000

/**
 * Loads one file, from where an earlier load of the same bytes stopped. The next batch is
 * read while the server takes the one before.
 *
 * @throws EcomdbError as LoadSession.load; what was committed until then stays, and its
 *   place is in the journal
 */
export async function loadFile(load: FileLoad): Promise<FileOutcome> {
  const handle = await openInput(load.input.path)
  try {
    const resumed = load.dryRun ? null : await findEarlier(load, handle)
    const run = new FileRun(load, handle, resumed)
    return await run.toTheEnd()
  } finally {
    await handle.close()
  }
}

/**
 * An earlier load that was cut short and may be gone on with: the file begins with the very
 * bytes that it had read. One that had rejects is not: the rows are read again, so that this
 * run's rejects file is whole; those that were loaded are there already.
 */
async function findEarlier(load: FileLoad, handle: FileHandle): Promise<JournalEntry | null> {
  const { input, plan, session, onConflict } = load
  const entries = await session.unfinished(plan.table.name, input.name, onConflict)
  for (const entry of entries) {
    const { rejected, kept, replaced } = entry.counts
    if (rejected + kept + replaced > 0 || entry.hashedBytes > input.sizeBytes) continue
    const hash = createHash('sha256')
    await hashUpTo(handle, hash, 0, entry.hashedBytes)
    if (hash.digest('hex') === entry.prefixSha256) return entry
  }
  return null
}

async function hashUpTo(handle: FileHandle, hash: Hash, from: number, end: number): Promise<void> {
  for await (const chunk of chunks(handle, from)) {
    if (from >= end) return
    hash.update(chunk.subarray(0, end - from))
    from += chunk.length
  }
}

/** The file's bytes from a place on; each chunk is only good until the next is asked for. */
async function* chunks(handle: FileHandle, from: number): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(READ_BYTES)
  for (let at = from; ; ) {
    const { bytesRead } = await handle.read(buffer, 0, READ_BYTES, at)
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
    at += bytesRead
  }
}

class FileRun {
  readonly #load: FileLoad
  readonly #handle: FileHandle
  readonly #resumed: JournalEntry | null
  readonly #builder: RowBatchBuilder
  readonly #scanner: CsvScanner
  readonly #hash = createHash('sha256')
  readonly #counts = { loaded: 0, present: 0, kept: 0, replaced: 0, rejected: 0 }
  #journalId = 0
  #hashedBytes = 0
  #reported = 0
  #bad: BatchReject[] = []
  #inFlight: Promise<void> = Promise.resolve()

  constructor(load: FileLoad, handle: FileHandle, resumed: JournalEntry | null) {
    this.#load = load
    this.#handle = handle
    this.#resumed = resumed
    this.#builder = new RowBatchBuilder(load.plan)
    this.#scanner = new CsvScanner(
      {
        record: (fields, line, raw) => this.#record(fields, line, raw),
        malformed: (reason, line, raw) => this.#badRow(line, reason, raw),
      },
      resumed ?? load.input.start,
    )
  }

  async toTheEnd(): Promise<FileOutcome> {
    const { session, plan, input, onConflict, dryRun } = this.#load
    this.#journalId = dryRun
      ? 0
      : (this.#resumed?.id ?? (await session.begin(plan.table.name, input.name, onConflict)))
    try {
      await this.#read()
    } finally {
      // An error must not leave a batch behind that goes on by itself.
      await this.#inFlight.catch(() => {})
    }
    await this.#inFlight
    if (!dryRun) await session.finish(this.#journalId, this.#progress())
    return { ...this.#counts, resumedAtLine: this.#resumed?.line ?? null }
  }

  async #read(): Promise<void> {
    let at = this.#scanner.position
    this.#hashedBytes = this.#resumed?.hashedBytes ?? at
    await hashUpTo(this.#handle, this.#hash, 0, this.#hashedBytes)
    for await (const chunk of chunks(this.#handle, at)) {
      this.#hash.update(chunk.subarray(Math.max(0, this.#hashedBytes - at)))
      at += chunk.length
      this.#hashedBytes = Math.max(this.#hashedBytes, at)
      this.#scanner.push(chunk.toString('latin1'))
      this.#builder.pack()
      const full = this.#builder.sizeBytes >= BATCH_BYTES || this.#bad.length >= BATCH_REJECTS
      if (full) await this.#flush()
    }
    this.#scanner.end()
    await this.#flush()
  }

  #record(fields: CsvField[], line: number, raw: string): void {
    const problem: Problem | null = this.#builder.add(fields, line)
    if (problem) this.#badRow(line, problem.reason, raw)
  }

  #badRow(line: number, reason: string, raw: string): void {
    // A slice would keep the whole chunk in memory.
    const row = Buffer.from(raw.slice(0, KEPT_BYTES), 'latin1').toString('latin1')
    const rest = raw.length < KEPT_BYTES ? '' : ` (the row here is its first ${KEPT_BYTES} bytes)`
    this.#bad.push({ line, action: 'rejected', reason: reason + rest, row, existing: '' })
  }

  #progress(): FileProgress {
    return {
      position: this.#scanner.position,
      line: this.#scanner.line,
      hashedBytes: this.#hashedBytes,
      prefixSha256: this.#hash.copy().digest('hex'),
    }
  }

  /** Hands over what was gathered, when the batch before is through. */
  async #flush(): Promise<void> {
    const batch = this.#builder.take()
    const bad = this.#bad
    this.#bad = []
    if (batch.rows + bad.length === 0) return
    const progress = this.#progress()
    await this.#inFlight
    this.#inFlight = this.#send(batch, bad, progress)
    // It is awaited at the next flush or at the end; until then an error waits.
    this.#inFlight.catch(() => {})
  }

  async #send(batch: RowBatch, bad: BatchReject[], progress: FileProgress): Promise<void> {
    const { session, rejects, onConflict, dryRun } = this.#load
    await rejects.add(this.#named(bad))
    const outcome = dryRun
      ? await session.compare(batch, onConflict)
      : await session.load(batch, {
          journalId: this.#journalId,
          progress,
          onConflict,
          rejectedBefore: bad.length,
          beforeCommit: found => rejects.add(this.#named(found)),
        })
    if (dryRun) await rejects.add(this.#named(outcome.rejects))
    this.#counts.loaded += outcome.loaded
    this.#counts.present += outcome.present
    this.#counts.kept += outcome.kept
    this.#counts.replaced += outcome.replaced
    this.#counts.rejected += outcome.rejected + bad.length
    const bytes = progress.position - this.#reported
    this.#reported = progress.position
    this.#load.progress.advance({ bytes, items: batch.rows + bad.length })
  }

  #named(rejects: readonly BatchReject[]): Reject[] {
    const { input, plan } = this.#load
    return rejects.map(reject => ({ ...reject, file: input.path, table: plan.table.name }))
  }
}
