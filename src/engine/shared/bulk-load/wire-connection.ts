import type { Socket } from 'node:net'
import { createConnection } from 'mysql2'
import { systemCode } from '#core/errors'
import { freeMemory } from '#core/free-memory'
import { translateServerError } from '../../server-error.ts'
import type { ConnectOptions } from '../../session.ts'
import { describe, driverOptions } from '../mysql2-session.ts'
import { PacketReader } from './packet-reader.ts'

/** What the server says after a statement without rows. */
export interface OkPacket {
  affectedRows: number
  warnings: number
}

/** An error packet; `errno` is what translateServerError knows errors by. */
class ServerPacketError extends Error {
  readonly errno: number

  constructor(errno: number, message: string) {
    super(message)
    this.errno = errno
  }
}

/** Largest packet of rows, in bytes, below the server's max_allowed_packet, which counts for LOCAL INFILE too. */
const ROW_PACKET = 512 * 1024
/** The smallest that a server can have, in bytes. */
const SMALLEST_LIMIT = 1024

/**
 * A connection that mysql2 opened and authenticated, and whose socket is then ours. mysql2's
 * own LOCAL INFILE has no backpressure (node-mysql2 #1134) and ends with an empty packet
 * that all connections of a process share, so that two loads at once get each other's
 * sequence numbers; and its queries are strings, where a stored program in another character
 * set is bytes.
 *
 * Protocol: MySQL Internals, "Command Phase" and "LOCAL INFILE Request"; both engines.
 */
export class WireConnection {
  readonly #socket: Socket
  readonly #packets = new PacketReader()
  readonly #place: string
  #maxPacket = SMALLEST_LIMIT

  private constructor(socket: Socket, place: string) {
    this.#socket = socket
    this.#place = place
    for (const event of ['data', 'end', 'close', 'error']) socket.removeAllListeners(event)
    socket.on('data', (bytes: Buffer) => this.#packets.push(bytes))
    socket.on('error', error => this.#packets.fail(error))
    socket.on('close', () => this.#packets.fail(connectionLost()))
    socket.resume()
  }

  /** @throws EcomdbError SERVER_UNREACHABLE, AUTHENTICATION_REFUSED */
  static async open(options: ConnectOptions): Promise<WireConnection> {
    const connection = createConnection({
      ...driverOptions(options),
      // Query attributes put two more bytes before each statement; session tracking puts
      // more behind each OK.
      flags: ['-CLIENT_QUERY_ATTRIBUTES', '-SESSION_TRACK', '-FOUND_ROWS', '-IGNORE_SPACE'],
    })
    await new Promise<void>((resolve, reject) => {
      connection.once('connect', () => resolve())
      connection.once('error', error =>
        reject(translateServerError(error, `cannot connect to ${describe(options)}`)),
      )
    })
    connection.on('error', () => {})
    const { stream } = connection as unknown as { stream: Socket }
    const wire = new WireConnection(stream, describe(options))
    try {
      // Comes before any SET: of a global limit of a millisecond (MySQL), which 0 in the hint would mean.
      const [limit] = await wire.rows(
        'SELECT /*+ MAX_EXECUTION_TIME(60000) */ @@max_allowed_packet',
      )
      wire.#maxPacket = Number(limit?.[0])
      return wire
    } catch (error) {
      await wire.close()
      throw error
    }
  }

  /** max_allowed_packet, in bytes: the server closes a connection that sends more at once. */
  get maxPacket(): number {
    return this.#maxPacket
  }

  /** Runs a statement without rows. */
  async run(sql: string | Uint8Array, what = 'the server refused a statement'): Promise<OkPacket> {
    return await this.#translating(what, async () => {
      this.#sendCommand(sql)
      return readOk(await this.#packets.next())
    })
  }

  /** The rows of a small result, each value as text or null. */
  async rows(sql: string): Promise<(string | null)[][]> {
    return await this.#translating('the server refused a query', async () => {
      this.#sendCommand(sql)
      const head = await this.#packets.next()
      if (head[0] === 0x00 || head[0] === 0xff) {
        readOk(head)
        return []
      }
      while (!isEof(await this.#packets.next())) {
        // Column definitions are not needed.
      }
      const rows: (string | null)[][] = []
      for (;;) {
        const packet = await this.#packets.next()
        if (isEof(packet)) return rows
        if (packet[0] === 0xff) readOk(packet)
        rows.push(readRow(packet))
      }
    })
  }

  /**
   * Runs a LOAD DATA LOCAL statement and answers its request with `blocks`, no faster than
   * the server reads. A block's memory is given back when it is sent. When the blocks throw,
   * the server gets the end of the file at once and the caller must roll back: the protocol
   * has no other way to stop.
   */
  async load(sql: string, blocks: AsyncIterable<Uint8Array>, what: string): Promise<OkPacket> {
    let failed: { error: unknown } | null = null
    const answer = await this.#translating(what, async () => {
      this.#sendCommand(sql)
      const request = await this.#packets.next()
      if (request[0] !== 0xfb) return readOk(request)
      const rowPacket = Math.min(ROW_PACKET, this.#maxPacket - 1)
      failed = await new InfileSender(this.#socket, this.#packets, rowPacket).send(blocks)
      const end = await this.#packets.next()
      return failed ? { affectedRows: 0, warnings: 0 } : readOk(end)
    })
    const source = failed as { error: unknown } | null
    if (source) throw this.#ofConnection(source.error, what)
    return answer
  }

  /** Ends the connection; never throws. An open transaction is rolled back by the server. */
  async close(): Promise<void> {
    if (this.#socket.destroyed) return
    await new Promise<void>(resolve => {
      this.#socket.once('close', () => resolve())
      this.#socket.end(Buffer.from([1, 0, 0, 0, 1]))
      setTimeout(() => this.#socket.destroy(), 2000).unref()
    })
  }

  #sendCommand(sql: string | Uint8Array): void {
    const body = typeof sql === 'string' ? Buffer.from(sql) : sql
    // A payload of 2^24 - 1 bytes or more goes in several packets; a short one ends it.
    let sequence = 0
    let first = true
    let offset = 0
    this.#socket.cork()
    for (;;) {
      const room = 0xffffff - (first ? 1 : 0)
      const size = Math.min(room, body.length - offset)
      const length = size + (first ? 1 : 0)
      this.#socket.write(header(length, sequence++))
      if (first) this.#socket.write(Buffer.from([0x03]))
      this.#socket.write(body.subarray(offset, offset + size))
      offset += size
      first = false
      if (length < 0xffffff) break
    }
    this.#socket.uncork()
  }

  /** What the source threw stays as it is; the connection may have ended as well. */
  #ofConnection(error: unknown, what: string): unknown {
    const isLost = systemCode(error) === 'PROTOCOL_CONNECTION_LOST'
    return isLost ? translateServerError(error, `${what} (${this.#place})`) : error
  }

  async #translating<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      throw translateServerError(error, `${what} (${this.#place})`)
    }
  }
}

/** Sends the file of a LOCAL INFILE request as packets, waiting while the socket is full. */
class InfileSender {
  readonly #socket: Socket
  readonly #packets: PacketReader
  readonly #rowPacket: number
  // The request was packet 1 of this command: 0 was ours.
  #sequence = 2

  constructor(socket: Socket, packets: PacketReader, rowPacket: number) {
    this.#socket = socket
    this.#packets = packets
    this.#rowPacket = rowPacket
  }

  /** Returns what the source threw, after the end of the file was sent. */
  async send(blocks: AsyncIterable<Uint8Array>): Promise<{ error: unknown } | null> {
    let failed: { error: unknown } | null = null
    try {
      for await (const block of blocks) {
        await this.#sendBlock(block)
        // The server answers before the end only when it gave up.
        if (this.#packets.waiting) break
      }
    } catch (error) {
      failed = { error }
    }
    if (!this.#socket.destroyed) this.#socket.write(header(0, this.#sequence))
    return failed
  }

  async #sendBlock(block: Uint8Array): Promise<void> {
    for (let at = 0; at < block.length; at += this.#rowPacket) {
      const part = block.subarray(at, at + this.#rowPacket)
      const isLast = at + this.#rowPacket >= block.length
      this.#socket.cork()
      this.#socket.write(header(part.length, this.#sequence))
      // When the last part has gone, all before it have.
      const room = this.#socket.write(part, () => isLast && freeMemory(block))
      this.#socket.uncork()
      this.#sequence = (this.#sequence + 1) & 0xff
      if (!room) await this.#drained()
    }
  }

  async #drained(): Promise<void> {
    if (this.#socket.destroyed) throw connectionLost()
    if (!this.#socket.writableNeedDrain) return
    await new Promise<void>((resolve, reject) => {
      const done = (): void => {
        this.#socket.off('drain', done)
        this.#socket.off('close', lost)
        resolve()
      }
      const lost = (): void => {
        this.#socket.off('drain', done)
        reject(connectionLost())
      }
      this.#socket.once('drain', done)
      this.#socket.once('close', lost)
    })
  }
}

function header(length: number, sequence: number): Buffer {
  return Buffer.from([length & 0xff, (length >> 8) & 0xff, length >> 16, sequence & 0xff])
}

function connectionLost(): Error {
  return Object.assign(new Error('the server closed the connection'), {
    code: 'PROTOCOL_CONNECTION_LOST',
  })
}

const isEof = (packet: Buffer): boolean => packet[0] === 0xfe && packet.length < 9

function readOk(packet: Buffer): OkPacket {
  if (packet[0] === 0xff) throw readError(packet)
  if (packet[0] !== 0x00) {
    throw new Error(`the server answered with a packet of type ${packet[0] ?? 'none'}`)
  }
  const [affectedRows, afterRows] = lengthEncoded(packet, 1)
  const [, afterId] = lengthEncoded(packet, afterRows)
  return { affectedRows, warnings: packet.readUInt16LE(afterId + 2) }
}

function readError(packet: Buffer): ServerPacketError {
  // After the number comes '#' and five characters of SQLSTATE.
  const text = packet[3] === 0x23 ? packet.subarray(9) : packet.subarray(3)
  return new ServerPacketError(packet.readUInt16LE(1), text.toString('utf8'))
}

function readRow(packet: Buffer): (string | null)[] {
  const row: (string | null)[] = []
  for (let at = 0; at < packet.length; ) {
    if (packet[at] === 0xfb) {
      row.push(null)
      at += 1
      continue
    }
    const [length, start] = lengthEncoded(packet, at)
    row.push(packet.toString('utf8', start, start + length))
    at = start + length
  }
  return row
}

/** A length-encoded integer at `at`, and where the next field begins. */
function lengthEncoded(packet: Buffer, at: number): [number, number] {
  const first = packet[at] ?? 0
  if (first === 0xfc) return [packet.readUInt16LE(at + 1), at + 3]
  if (first === 0xfd) return [packet.readUIntLE(at + 1, 3), at + 4]
  if (first === 0xfe) return [Number(packet.readBigUInt64LE(at + 1)), at + 9]
  return [first, at + 1]
}
