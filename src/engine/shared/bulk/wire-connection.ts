import { connect, type OnReadOpts, type Socket } from 'node:net'
import { createConnection, type Connection as DriverConnection } from 'mysql2'
import type { ConnectOptions } from '../../session.ts'
import { driverOptions } from '../mysql2-session.ts'
import { type ResultSink, type ServerRefusal, WireResult } from './wire-result.ts'

const COM_QUERY = 0x03
const COM_QUIT = 0x01
/** A statement travels as one packet: longer ones are not needed here. */
const MAX_STATEMENT_BYTES = 0xfffffe

/**
 * Capabilities that the driver must not agree on. Without QUERY_ATTRIBUTES a COM_QUERY is
 * just its text on every server; without LOCAL_FILES the server cannot ask for a file.
 */
const WITHOUT = ['-CLIENT_QUERY_ATTRIBUTES', '-LOCAL_FILES', '-SESSION_TRACK']
/** The driver does not know this capability; where a later one agrees on it, so do we. */
const CLIENT_DEPRECATE_EOF = 0x01000000

/** A socket and an agreement: what is used of the driver's connection. */
interface Driver {
  stream: Socket
  config: { clientFlags: number }
  serverCapabilityFlags: number
}

/**
 * A connection whose bytes are ours: the driver connects, does TLS and authentication,
 * and hands its socket over. The driver builds an object per packet and per row, which
 * takes several times as long as everything else that a backup does.
 */
export class WireConnection {
  readonly #socket: Socket
  readonly #result: WireResult
  #sink: ResultSink | null = null
  #lost: Error | null = null
  #closing = false

  private constructor(driver: Driver, frugal: FrugalSocket | null) {
    this.#socket = driver.stream
    const flags = driver.config.clientFlags & driver.serverCapabilityFlags
    this.#result = new WireResult(this.#forward(), (flags & CLIENT_DEPRECATE_EOF) !== 0)
    for (const event of ['data', 'error', 'end', 'close']) this.#socket.removeAllListeners(event)
    if (frugal) frugal.handOver(chunk => this.#receive(chunk))
    else this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    this.#socket.on('error', error => this.#lose(error))
    this.#socket.on('close', () => this.#lose(connectionLost()))
  }

  /**
   * Rejects with the driver's own error.
   * @param readInto where chunks of what the server sends lie, unless they come through TLS
   */
  static async open(
    options: ConnectOptions,
    readInto: Buffer = Buffer.allocUnsafeSlow(READ_BYTES),
  ): Promise<WireConnection> {
    const settings = { ...driverOptions(options), flags: WITHOUT }
    // Through TLS the driver's own socket is used: its bytes come from the decryption.
    const frugal = 'ssl' in settings ? null : new FrugalSocket(options, readInto)
    const driver = createConnection({ ...settings, ...(frugal ? { stream: frugal.socket } : {}) })
    await new Promise<void>((resolve, reject) => {
      driver.once('connect', () => resolve())
      driver.once('error', reject)
    })
    return new WireConnection(ownParts(driver), frugal)
  }

  /**
   * Sends one statement; its answer goes to the sink, and so does the connection's loss,
   * as a refusal with errno 2013. One statement at a time.
   */
  query(sql: string, sink: ResultSink): void {
    if (this.#sink) throw new Error('the connection is busy')
    this.#sink = sink
    if (this.#lost) {
      this.#lose(this.#lost)
      return
    }
    const length = 1 + Buffer.byteLength(sql)
    if (length > MAX_STATEMENT_BYTES) throw new RangeError('the statement is too long')
    const packet = Buffer.allocUnsafe(4 + length)
    packet.writeUIntLE(length, 0, 3)
    packet[3] = 0
    packet[4] = COM_QUERY
    packet.write(sql, 5)
    this.#result.begin(sink.part !== undefined)
    this.#socket.write(packet)
  }

  /** Stops reading: the server waits once the socket's buffers are full. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Says goodbye, in the middle of an answer too: the server then rolls back and unlocks. */
  close(): void {
    this.#closing = true
    if (!this.#sink && !this.#lost) this.#socket.end(Buffer.from([1, 0, 0, 0, COM_QUIT]))
    else this.#socket.destroy()
  }

  #receive(chunk: Buffer): void {
    try {
      this.#result.push(chunk)
    } catch (error) {
      // What cannot be understood cannot be gone on with.
      this.#lose(error instanceof Error ? error : new Error(String(error)))
      this.#socket.destroy()
    }
  }

  /** The sink of the moment, so that the parser needs only one. */
  #forward(): ResultSink {
    return {
      columns: types => this.#sink?.columns(types),
      row: (bytes, start, end) => this.#sink?.row(bytes, start, end),
      rows: (bytes, at) => this.#sink?.rows?.(bytes, at) ?? at,
      part: (bytes, start, end, last) => this.#sink?.part?.(bytes, start, end, last),
      end: warnings => this.#settle(sink => sink.end(warnings)),
      error: error => this.#settle(sink => sink.error(error)),
    }
  }

  #settle(tell: (sink: ResultSink) => void): void {
    const sink = this.#sink
    this.#sink = null
    if (sink) tell(sink)
  }

  #lose(error: Error): void {
    this.#lost ??= error
    if (this.#closing) return
    this.#settle(sink => sink.error(lossOf(error)))
  }
}

/** Bytes that one read from the socket may give. */
const READ_BYTES = 256 * 1024

/**
 * A socket that reads into the same memory again and again, where node:net would take new
 * memory for every 64 KiB: half the work of a reader's thread was the garbage collector's.
 */
class FrugalSocket {
  readonly socket: Socket
  #receive: ((chunk: Buffer) => void) | null = null

  constructor({ socketPath, host, port }: ConnectOptions, readInto: Buffer) {
    const onread: OnReadOpts = {
      buffer: readInto,
      callback: (length, buffer) => {
        const chunk = Buffer.from(buffer.buffer, buffer.byteOffset, length)
        if (this.#receive) this.#receive(chunk)
        // The driver keeps what it is given.
        else this.socket.emit('data', Buffer.from(chunk))
        return true
      },
    }
    this.socket = socketPath
      ? connect({ path: socketPath, onread })
      : connect({ host: host ?? '127.0.0.1', port: port ?? 3306, onread, keepAlive: true })
    if (!socketPath) this.socket.setNoDelay(true)
  }

  /** From now on chunks go here; their bytes are valid during the call. */
  handOver(receive: (chunk: Buffer) => void): void {
    this.#receive = receive
  }
}

/** CR_SERVER_LOST, the client library's own number for it. */
const SERVER_LOST = 2013

function lossOf(error: Error): ServerRefusal {
  return { errno: SERVER_LOST, sqlState: 'HY000', message: error.message }
}

function connectionLost(): Error {
  return new Error('the server closed the connection')
}

/** The driver's types do not name the socket, the flags and the server's capabilities. */
function ownParts(driver: DriverConnection): Driver {
  return driver as unknown as Driver
}
