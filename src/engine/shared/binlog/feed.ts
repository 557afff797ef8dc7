import { randomInt } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EcomdbError, messageOf } from '#core/errors'
import { onInterrupt } from '#core/interruption'
import { stateFolder } from '#core/paths'
import { translateStorageError } from '#core/storage-error'
import { EVENT, FILE_MAGIC, readHeader } from '#domain/binlog/event'
import { fileAfter } from '#domain/binlog/stretch'
import { makeOwnFolder } from '#process/own-folder'
import { type RunningProgram, startProgram } from '#process/running-program'
import type { BinlogFeed, BinlogReadOptions, FeedItem } from '../../binlog.ts'
import type { BinlogDialect } from './dialect.ts'
import { EventSplitter } from './event-splitter.ts'
import { Fifo } from './fifo.ts'
import { removeOptionFile, writeOptionFile } from './option-file.ts'
import { toolError } from './tool-error.ts'

const POLL_MS = 20
/** How often an idle feed looks whether the tool writes where it should. */
const LOOK_MS = 1000

/** Tried again where the tool has made its next file meanwhile (ENOTEMPTY). */
const REMOVAL = { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }

/** See BinaryLog.read. */
export async function openFeed(
  dialect: BinlogDialect,
  options: BinlogReadOptions,
): Promise<BinlogFeed> {
  // For the pipes and the option file of one reading tool.
  const folder = await makeOwnFolder(join(stateFolder(), 'binlog'), 'reader')
  const remove = (): Promise<void> => rm(folder, REMOVAL)
  const forget = onInterrupt(remove)
  try {
    const first = await Fifo.make(join(folder, options.file))
    const second = await Fifo.make(join(folder, nextFile(options, options.file)))
    await first.open()
    const start = async (file: string, offset: number): Promise<RunningProgram> => {
      const optionFile = await writeOptionFile(folder, dialect.family, options.connect)
      const place = { ...options, file, offset }
      const tool = startProgram(dialect.tool(), argumentsOf(dialect, place, optionFile, folder))
      tool.stdin.end()
      tool.stdout.resume()
      return tool
    }
    const tool = await start(options.file, options.offset)
    return new Feed(options, folder, start, tool, first, second, forget)
  } catch (error) {
    forget()
    await remove()
    throw translateStorageError(error, 'cannot read the binary log')
  }
}

/** Numbers may be left out: a server goes on behind the largest in its folder. */
function nextFile({ files }: BinlogReadOptions, file: string): string {
  return files[files.indexOf(file) + 1 || files.length] ?? fileAfter(file)
}

function argumentsOf(
  dialect: BinlogDialect,
  { file, offset, follow }: BinlogReadOptions,
  optionFile: string,
  folder: string,
): string[] {
  return [
    optionFile,
    '--read-from-remote-server',
    '--raw',
    `--result-file=${folder}/`,
    `--start-position=${offset}`,
    // A server tells readers apart by their number, and drops the older of two with the same:
    // drawn from the upper half, so that it is no replica's.
    ...(follow
      ? ['--stop-never', `${dialect.readerIdOption}=${randomInt(2 ** 31, 2 ** 32 - 1)}`]
      : ['--to-last-log']),
    file,
  ]
}

/** The server's words; it says them also while its disk is full. */
const isTear = (error: unknown): boolean =>
  error instanceof EcomdbError && /truncated in the middle of event/i.test(error.why ?? '')

class Feed implements BinlogFeed {
  readonly #options: BinlogReadOptions
  readonly #folder: string
  readonly #start: (file: string, offset: number) => Promise<RunningProgram>
  #tool: RunningProgram
  readonly #forget: () => void
  #file: string
  #offset: number
  #current: Fifo
  #next: Fifo
  /** There from the moment on when the tool may write the next. */
  #afterNext: Fifo | null = null
  #splitter = new EventSplitter()
  #lookedAt = performance.now()
  #started = false
  /** The file has ended within an event. */
  #isTorn = false

  constructor(
    options: BinlogReadOptions,
    folder: string,
    start: (file: string, offset: number) => Promise<RunningProgram>,
    tool: RunningProgram,
    current: Fifo,
    next: Fifo,
    forget: () => void,
  ) {
    this.#options = options
    this.#file = options.file
    this.#offset = options.offset
    this.#folder = folder
    this.#start = start
    this.#tool = tool
    this.#current = current
    this.#next = next
    this.#forget = forget
  }

  async next(waitMs: number): Promise<FeedItem> {
    const deadline = performance.now() + waitMs
    for (;;) {
      const event = this.#splitter.next()
      const found = event && this.#item(event)
      if (found) return found
      if (event) continue
      const item = await this.#fill()
      if (item === 'more') continue
      if (item) return item
      if (performance.now() >= deadline) return { kind: 'idle' }
      await this.#look()
      await sleep(POLL_MS)
    }
  }

  async close(): Promise<void> {
    this.#tool.kill()
    await this.#tool.ended.catch(() => {})
    await this.#current.close().catch(() => {})
    await this.#next.close().catch(() => {})
    await rm(this.#folder, REMOVAL)
    this.#forget()
  }

  /** Reads once: an item, 'more' when bytes have come, null when there is nothing now. */
  async #fill(): Promise<FeedItem | 'more' | null> {
    // Asked before reading: what it wrote before it ended is still in the pipe.
    const hadEnded = this.#tool.hasEnded
    const found = await this.#current.read()
    if (Buffer.isBuffer(found)) {
      await this.#forgetPassword()
      this.#splitter.push(found)
      return 'more'
    }
    if (found === 'closed' || this.#afterNext) {
      const item = await this.#goOn()
      if (item) return item
    }
    if (!hadEnded) return null
    return (await this.#goesOnBehindTear()) ? null : { kind: 'end' }
  }

  /**
   * The tool has closed its file: because it goes on in the next one, or because it ends, which is
   * known later than that. So the file has ended when there is something in the next.
   */
  async #goOn(): Promise<FeedItem | null> {
    if (!this.#afterNext) {
      // Before the tool can write the one, and so come to the other.
      const next = nextFile(this.#options, this.#file)
      this.#afterNext = await Fifo.make(join(this.#folder, nextFile(this.#options, next)))
      await this.#next.open()
    }
    const found = await this.#next.read()
    if (!Buffer.isBuffer(found)) return null
    await this.#forgetPassword()
    const left = this.#file
    const torn = this.#isTorn
    this.#isTorn = false
    this.#file = nextFile(this.#options, left)
    this.#offset = FILE_MAGIC.length
    this.#splitter = new EventSplitter()
    this.#splitter.push(found)
    await this.#current.close()
    this.#current = this.#next
    this.#next = this.#afterNext
    this.#afterNext = null
    return { kind: 'file-end', file: left, next: this.#file, torn }
  }

  /** The tool has read it: a run that is killed leaves no password behind. */
  async #forgetPassword(): Promise<void> {
    if (!this.#started) await removeOptionFile(this.#folder)
    this.#started = true
  }

  /**
   * A machine that went down may have left the end of an event out of its file, which was never committed.
   * No server sends anything behind that, and MariaDB leaves it there: the log goes on in its next file.
   *
   * @returns false where all was read
   */
  async #goesOnBehindTear(): Promise<boolean> {
    try {
      await this.#requireGoodEnd()
      return false
    } catch (error) {
      const { files } = this.#options
      const next = files[files.indexOf(this.#file) + 1]
      if (this.#isTorn || next === undefined || !files.includes(this.#file) || !isTear(error))
        throw error
      this.#isTorn = true
      this.#started = false
      this.#tool = await this.#start(next, FILE_MAGIC.length)
      return true
    }
  }

  /** null for what is not in the file at this place. */
  #item(bytes: Buffer): FeedItem | null {
    const { type, nextPosition } = readHeader(bytes)
    // A file that is not read from its start begins with copies of what describes it.
    if (this.#offset > FILE_MAGIC.length && nextPosition === 0) {
      if (type === EVENT.format) return { kind: 'format', file: this.#file, bytes }
      if (type === EVENT.startEncryption) return null
    }
    const offset = this.#offset
    this.#offset += bytes.length
    return { kind: 'event', file: this.#file, offset, bytes }
  }

  async #requireGoodEnd(): Promise<void> {
    try {
      await this.#tool.ended
    } catch (error) {
      throw toolError(error, this.#tool.stderr, 'cannot read the binary log of the server')
    }
    if (this.#splitter.rest > 0) {
      throw new EcomdbError('TOOL_FAILED', {
        what: `${this.#tool.name} stopped in the middle of an event of ${this.#file}`,
        why: messageOf(this.#tool.stderr.trim() || 'it gave no reason'),
      })
    }
  }

  /** A file that is none of our pipes: the server's next one has another name than expected. */
  async #look(): Promise<void> {
    if (performance.now() - this.#lookedAt < LOOK_MS) return
    this.#lookedAt = performance.now()
    const entries = await readdir(this.#folder, { withFileTypes: true })
    const stray = entries.find(entry => entry.isFile() && /\.\d+$/.test(entry.name))
    if (!stray) return
    throw new EcomdbError('SERVER_LOST', {
      what: 'the binary log went on in an unexpected file',
      why: `${stray.name} comes after ${this.#file}`,
      hints: ['run the command again: it begins where the archive ends'],
    })
  }
}
