import { type MessagePort, parentPort } from 'node:worker_threads'
import { messageOf, systemCode } from '#core/errors'
import { Secret } from '#core/secret'
import { BlockPacker } from './block-packer.ts'
import { RangeCutter } from './range-cutter.ts'
import type { RowMachine } from './row-machine.ts'
import type { FromWorker, PackedHashes, Packing, PlainError, ToWorker } from './row-protocol.ts'
import { BLOCK_BYTES, startRowMachine, type TsvBlock, TsvBlocks } from './tsv-blocks.ts'
import { WireConnection } from './wire-connection.ts'
import { type ResultSink, readLength, type ServerRefusal } from './wire-result.ts'

/**
 * A reader's thread: one connection, whose rows become TSV blocks. At most `blocks` of
 * them are with the main thread; then the socket is paused until one comes back.
 */
const port = parentPort
if (!port) throw new Error('row-worker.ts runs as a worker thread')

/** Writes rows whose blocks do not leave this thread. */
const machine = startRowMachine()
const free: Buffer[] = []
let blocks = 0
let out = 0
let discarded: number | null = null
let paused = false

port.once('message', (message: ToWorker) => {
  if (message.type !== 'open') throw new Error('the first message opens the connection')
  blocks = message.blocks
  void open(message, port)
})

async function open(
  { connect, password }: Extract<ToWorker, { type: 'open' }>,
  port: MessagePort,
): Promise<void> {
  try {
    const options = {
      ...connect,
      ...(password === null ? {} : { password: new Secret(password) }),
    }
    const wire = await WireConnection.open(options, machine?.input)
    port.on('message', (message: ToWorker) => receive(message, wire))
    send({ type: 'opened' })
  } catch (error) {
    send({ type: 'failed', id: null, error: plain(error) })
  }
}

function receive(message: ToWorker, wire: WireConnection): void {
  switch (message.type) {
    case 'open':
      throw new Error('the connection is open')
    case 'query':
      wire.query(message.sql, rowsSink(message.id))
      return
    case 'stream':
      wire.query(message.sql, streamSink(message, wire))
      return
    case 'release':
      out -= 1
      if (message.buffer) reuse(Buffer.from(message.buffer))
      balance(wire)
      return
    case 'discard':
      discarded = message.id
      balance(wire)
      return
    case 'close':
      wire.close()
      port?.close()
  }
}

/** Pauses or resumes the socket, as blocks are out. */
function balance(wire: WireConnection): void {
  const full = out >= blocks && discarded === null
  if (full === paused) return
  paused = full
  if (full) wire.pause()
  else wire.resume()
}

function streamSink(
  { id, additive, packing }: Extract<ToWorker, { type: 'stream' }>,
  wire: WireConnection,
): ResultSink {
  const packed = packing === null ? null : new PackedStream(id, packing)
  const emit = (block: TsvBlock): void => {
    if (discarded === id) {
      if (!own) reuse(block.bytes)
      return
    }
    out += 1
    if (packed) packed.block(block)
    else sendPlain(id, block)
    balance(wire)
  }
  const own = packed ? machine : null
  const take = (): Buffer => own?.block ?? free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES)
  const tsv = new TsvBlocks(take, emit, additive)
  return {
    columns: types => tsv.columns(types, own),
    rows: (bytes, at) => (own && packed?.stopBeforeNext(own) ? tsv.rows(bytes, at) : at),
    row(bytes, start, end) {
      packed?.beforeRow(bytes, start, tsv)
      tsv.row(bytes, start, end)
    },
    part(bytes, start, end, last) {
      packed?.beforePart(bytes, start, last, tsv)
      tsv.part(bytes, start, end, last)
    },
    end(warnings) {
      tsv.flush()
      discarded = null
      send({ type: 'done', id, rows: [], hashes: packed?.end() ?? null, warnings })
    },
    error(error) {
      discarded = null
      send({ type: 'failed', id, error: refusal(error) })
    },
  }
}

/** A stream whose blocks are hashed and compressed here, range by range. */
class PackedStream {
  readonly #id: number
  readonly #pieceBytes: number
  readonly #cutter: RangeCutter
  #packer: BlockPacker
  #inRow = false

  constructor(id: number, { pieceBytes, borders }: Packing) {
    this.#id = id
    this.#pieceBytes = pieceBytes
    this.#cutter = new RangeCutter(borders)
    this.#packer = new BlockPacker(pieceBytes)
  }

  /** The machine is not to take a row that begins a range. False: it cannot tell. */
  stopBeforeNext(machine: RowMachine): boolean {
    return machine.stopAt(this.#cutter.next)
  }

  beforeRow(bytes: Buffer, start: number, tsv: TsvBlocks): void {
    for (let ends = this.#cutter.passed(bytes, start); ends > 0; ends--) {
      tsv.flush()
      this.#endRange()
    }
  }

  /** The first part of a row has 16 MiB, and so the whole key. */
  beforePart(bytes: Buffer, start: number, last: boolean, tsv: TsvBlocks): void {
    if (!this.#inRow) this.beforeRow(bytes, start, tsv)
    this.#inRow = !last
  }

  block({ bytes, length, rows, rowSum, endsRow }: TsvBlock): void {
    const { frame, pieceSha256 } = this.#packer.pack(bytes.subarray(0, length), endsRow)
    if (!machine) reuse(bytes)
    const id = this.#id
    send({ type: 'block', id, buffer: frame, length, rows, rowSum, pieceSha256 }, [frame])
  }

  /** Ends the ranges that no row has come to, and gives the last one's hashes. */
  end(): PackedHashes {
    for (let left = this.#cutter.left; left > 0; left--) this.#endRange()
    return this.#packer.end()
  }

  #endRange(): void {
    send({ type: 'range', id: this.#id, hashes: this.#packer.end() })
    this.#packer = new BlockPacker(this.#pieceBytes)
  }
}

function sendPlain(id: number, { bytes, length, rows, rowSum }: TsvBlock): void {
  const buffer = bytes.buffer as ArrayBuffer
  send({ type: 'block', id, buffer, length, rows, rowSum, pieceSha256: null }, [buffer])
}

function reuse(block: Buffer): void {
  free.push(block)
}

function rowsSink(id: number): ResultSink {
  const rows: (string | null)[][] = []
  let columns = 0
  return {
    columns: types => {
      columns = types.length
    },
    row: (bytes, start) => {
      rows.push(textRow(bytes, start, columns))
    },
    end: warnings => send({ type: 'done', id, rows, hashes: null, warnings }),
    error: error => send({ type: 'failed', id, error: refusal(error) }),
  }
}

function textRow(bytes: Buffer, start: number, columns: number): (string | null)[] {
  const row: (string | null)[] = []
  let at = start
  for (let column = 0; column < columns; column++) {
    if (bytes[at] === 0xfb) {
      row.push(null)
      at += 1
      continue
    }
    const [length, from] = readLength(bytes, at)
    row.push(bytes.toString('utf8', from, from + length))
    at = from + length
  }
  return row
}

function send(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer)
}

function refusal({ errno, message }: ServerRefusal): PlainError {
  return { errno, code: null, message }
}

function plain(error: unknown): PlainError {
  const errno =
    typeof error === 'object' && error !== null && 'errno' in error && Number(error.errno)
  return {
    message: messageOf(error),
    code: systemCode(error) ?? null,
    errno: errno && errno > 0 ? errno : null,
  }
}
