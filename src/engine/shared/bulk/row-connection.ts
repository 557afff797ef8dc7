import type { Worker } from 'node:worker_threads'
import type { PackedRows, RowBlock } from '../../logical-reader.ts'
import { translateServerError } from '../../server-error.ts'
import type { ConnectOptions } from '../../session.ts'
import { describe } from '../mysql2-session.ts'
import { takeReaderThread } from './reader-threads.ts'
import type { FromWorker, Packing, PlainError, ToWorker } from './row-protocol.ts'

/** Blocks that a reader may have out: enough for the compressors to be busy. */
const BLOCKS_OUT = 6
/** How long a thread may take to say goodbye, in milliseconds. */
const CLOSE_MS = 2000

type BlockMessage = Extract<FromWorker, { type: 'block' }>
type RangeMessage = Extract<FromWorker, { type: 'range' }>
type DoneMessage = Extract<FromWorker, { type: 'done' }>

/** One statement's answer, as it comes from the worker. */
interface Answer {
  part(part: BlockMessage | RangeMessage): void
  done(answer: DoneMessage): void
  failed(error: Error): void
}

/** The main thread's end of one reading connection and its worker thread. */
export class RowConnection {
  readonly #worker: Worker
  readonly #place: string
  #answer: Answer | null = null
  #lastId = 0
  #warnings = 0
  #gone: Error | null = null

  private constructor(worker: Worker, place: string) {
    this.#worker = worker
    this.#place = place
    worker.on('message', (message: FromWorker) => this.#receive(message))
    worker.on('error', error => this.#fail(error))
    worker.on('exit', () => this.#fail(new Error('the reader thread ended')))
  }

  /** @throws EcomdbError SERVER_UNREACHABLE, AUTHENTICATION_REFUSED */
  static async open(options: ConnectOptions): Promise<RowConnection> {
    const { password, ...connect } = options
    const worker = takeReaderThread()
    const opening: ToWorker = {
      type: 'open',
      connect,
      password: password?.reveal() ?? null,
      blocks: BLOCKS_OUT,
    }
    const place = describe(options)
    return await new Promise((resolve, reject) => {
      const refuse = (error: unknown): void => {
        reject(translateServerError(error, `cannot connect to ${place}`))
        void worker.terminate()
      }
      worker.once('error', refuse)
      worker.once('message', (message: FromWorker) => {
        worker.off('error', refuse)
        if (message.type === 'failed') refuse(driverError(message.error))
        else resolve(new RowConnection(worker, place))
      })
      worker.postMessage(opening)
    })
  }

  /** How many warnings the server has of the last statement that ended. */
  get warnings(): number {
    return this.#warnings
  }

  /** A statement with a small result: its rows as text. */
  async query(sql: string): Promise<(string | null)[][]> {
    return await new Promise((resolve, reject) => {
      this.#start(
        { type: 'query', id: this.#nextId(), sql },
        {
          part() {},
          done: ({ rows }) => resolve(rows),
          failed: error => reject(this.#translate(error, sql)),
        },
      )
    })
  }

  /** A statement with rows as TSV, in the order in which the server sends them. */
  async *stream(sql: string, additive: boolean): AsyncGenerator<RowBlock, void, undefined> {
    for await (const message of this.#parts(sql, additive, null)) {
      if (message.type === 'block') yield this.#blockOf(message)
    }
  }

  /** The same rows, hashed and compressed by the reader's thread. */
  async *streamPacked(
    sql: string,
    additive: boolean,
    packing: Packing,
  ): AsyncGenerator<PackedRows, void, undefined> {
    for await (const message of this.#parts(sql, additive, packing)) {
      if (message.type === 'block') {
        const { buffer, length, rows, rowSum, pieceSha256 } = message
        this.#release(null)
        yield {
          kind: 'block',
          frame: new Uint8Array(buffer),
          bytes: length,
          rows,
          rowSum,
          pieceSha256,
        }
      } else if (message.hashes) yield { kind: 'end', ...message.hashes }
    }
  }

  /** What the worker sends for a stream: blocks, each to be released, and at last `done`. */
  async *#parts(
    sql: string,
    additive: boolean,
    packing: Packing | null,
  ): AsyncGenerator<BlockMessage | RangeMessage | DoneMessage, void, undefined> {
    const parts: (BlockMessage | RangeMessage)[] = []
    let state: 'reading' | DoneMessage | Error = 'reading'
    let wake = (): void => {}
    const id = this.#nextId()
    const change = (next: DoneMessage | Error): void => {
      state = next
      wake()
    }
    this.#start(
      { type: 'stream', id, sql, additive, packing },
      {
        part: part => {
          parts.push(part)
          wake()
        },
        done: change,
        failed: change,
      },
    )
    try {
      while (true) {
        const part = parts.shift()
        if (part) {
          yield part
          continue
        }
        const now = state as 'reading' | DoneMessage | Error
        if (now instanceof Error) throw this.#translate(now, sql)
        if (now !== 'reading') {
          yield now
          return
        }
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
    } finally {
      for (const part of parts) if (part.type === 'block') this.#release(part.buffer)
      if ((state as 'reading' | DoneMessage | Error) === 'reading') await this.#discard(id)
    }
  }

  /** Never throws. */
  async close(): Promise<void> {
    if (!this.#gone) {
      const exit = new Promise<void>(resolve => this.#worker.once('exit', () => resolve()))
      this.#send({ type: 'close' })
      const timer = setTimeout(() => void this.#worker.terminate(), CLOSE_MS)
      await exit
      clearTimeout(timer)
    }
    await this.#worker.terminate()
  }

  #nextId(): number {
    this.#lastId += 1
    return this.#lastId
  }

  #start(message: ToWorker, answer: Answer): void {
    if (this.#answer) throw new Error('the reader is busy')
    if (this.#gone) {
      answer.failed(this.#gone)
      return
    }
    this.#answer = answer
    this.#send(message)
  }

  /** Waits until the server has sent the rest, which the worker throws away. */
  async #discard(id: number): Promise<void> {
    await new Promise<void>(resolve => {
      this.#answer = {
        part: part => {
          if (part.type === 'block') this.#release(part.buffer)
        },
        done: () => resolve(),
        failed: () => resolve(),
      }
      this.#send({ type: 'discard', id })
    })
  }

  #receive(message: FromWorker): void {
    const answer = this.#answer
    if (message.type === 'opened' || !answer) return
    if (message.type === 'block' || message.type === 'range') {
      answer.part(message)
      return
    }
    this.#answer = null
    if (message.type === 'done') {
      this.#warnings = message.warnings
      answer.done(message)
    } else answer.failed(driverError(message.error))
  }

  #blockOf({ buffer, length, rows, rowSum }: BlockMessage): RowBlock {
    let held = true
    return {
      bytes: new Uint8Array(buffer, 0, length),
      rows,
      rowSum,
      release: () => {
        if (held) this.#release(buffer)
        held = false
      },
    }
  }

  /** Null: its memory stays here. */
  #release(buffer: ArrayBuffer | null): void {
    if (!this.#gone) this.#send({ type: 'release', buffer }, buffer ? [buffer] : [])
  }

  #send(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer)
  }

  #fail(error: Error): void {
    this.#gone ??= error
    const answer = this.#answer
    this.#answer = null
    answer?.failed(this.#gone)
  }

  #translate(error: Error, sql: string): Error {
    const head = sql.length > 120 ? `${sql.slice(0, 120)}…` : sql
    return translateServerError(error, `reading from ${this.#place} failed: ${head}`)
  }
}

function driverError({ message, code, errno }: PlainError): Error {
  return Object.assign(new Error(message), {
    ...(code === null ? {} : { code }),
    ...(errno === null ? {} : { errno }),
  })
}
