import { bodyOf, EVENT, type FileFormat, readHeader } from './event.ts'
import { isStatement } from './query-status.ts'

/** What the log has before a statement, for it alone. */
export type Given =
  | { kind: 'insert-id'; value: bigint }
  | { kind: 'last-insert-id'; value: bigint }
  | { kind: 'seeds'; values: readonly [bigint, bigint] }
  /** A user variable; text and decimal numbers are not read. */
  | { kind: 'variable'; name: string; value: bigint | number | null | undefined }

/**
 * MySQL: what LOAD DATA statements of a log are given, of which mysqlbinlog prints nothing before them; it prints it
 * before the next other statement, which it is not for. (Measured with 9.7. Others have it before them.)
 *
 * Source: libs/mysql/binlog/event/statement_events.h: Intvar_event, Rand_event, User_var_event.
 */
export class LoadData {
  /** Of each LOAD DATA, in the order of the log. */
  readonly given: (readonly Given[])[] = []
  /** Bytes of the longest of them. */
  longest = 0
  #given: Given[] = []

  /** Whole events, in the order of the log. */
  look(events: Buffer, format: FileFormat): void {
    for (let at = 0; at < events.length; ) {
      const { size, type } = readHeader(events, at)
      const body = (): Buffer => bodyOf(events.subarray(at, at + size), format)
      if (type === EVENT.integer) this.#given.push(integerOf(body()))
      else if (type === EVENT.random) this.#given.push(seedsOf(body()))
      else if (type === EVENT.userVariable) this.#given.push(variableOf(body()))
      else if (isStatement(type)) this.#end(type, size)
      at += size
    }
  }

  /** Is all that they are given known? */
  get isKnown(): boolean {
    return !this.given.flat().some(one => one.kind === 'variable' && one.value === undefined)
  }

  #end(type: number, size: number): void {
    if (type === EVENT.executeLoadQuery) {
      this.given.push(this.#given)
      this.longest = Math.max(this.longest, size)
    }
    this.#given = []
  }
}

const LAST_INSERT_ID = 1

function integerOf(body: Buffer): Given {
  const value = body.readBigUInt64LE(1)
  return { kind: body.readUInt8(0) === LAST_INSERT_ID ? 'last-insert-id' : 'insert-id', value }
}

const seedsOf = (body: Buffer): Given => ({
  kind: 'seeds',
  values: [body.readBigUInt64LE(0), body.readBigUInt64LE(8)],
})

const REAL = 1
const INTEGER = 2

function variableOf(body: Buffer): Given {
  const end = 4 + body.readUInt32LE(0)
  const name = body.toString('latin1', 4, end)
  return { kind: 'variable', name, value: valueIn(body.subarray(end)) }
}

/** Behind whether it is NULL: its type, its character set and its length; behind it, whether it is unsigned. */
function valueIn(bytes: Buffer): bigint | number | null | undefined {
  if (bytes.readUInt8(0) === 1) return null
  const type = bytes.readUInt8(1)
  if (type === REAL) return bytes.readDoubleLE(10)
  if (type !== INTEGER) return undefined
  return (bytes[18] ?? 0) & 1 ? bytes.readBigUInt64LE(10) : bytes.readBigInt64LE(10)
}
