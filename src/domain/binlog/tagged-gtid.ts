import { unreadable } from './event.ts'
import { type GtidEvent, uuidText } from './gtid-event.ts'

/**
 * MySQL's GTID_TAGGED_LOG_EVENT (since 8.3), written with its serialization library: a message
 * is version, size, last field that must be known, then fields by number, each integer of a
 * variable length (mysql/serialization/readme.md).
 */
export function readTaggedGtid(body: Buffer): GtidEvent {
  const reader = new Reader(body)
  // Version, size, the last field that may not be ignored.
  for (let i = 0; i < 3; i += 1) reader.unsigned()
  let [uuid, number, tag] = ['', 0n, '']
  let committedUs: number | null = null
  let bytes: number | null = null
  while (!reader.isAtEnd()) {
    const field = Number(reader.unsigned())
    if (field === FIELD.uuid) uuid = uuidText(reader.bytes(16))
    else if (field === FIELD.number) number = reader.signed()
    else if (field === FIELD.tag) tag = reader.text()
    else if (field === FIELD.committed) committedUs = Number(reader.unsigned())
    else if (field === FIELD.length) bytes = Number(reader.unsigned())
    else if (SIGNED.has(field)) reader.signed()
    else if (field <= FIELD.last) reader.unsigned()
    else throw unreadable(`a tagged GTID has a field ${field}, which is not known here`)
  }
  if (uuid === '' || bytes === null) throw unreadable('a tagged GTID does not say what it is')
  return { gtid: `${uuid}${tag && `:${tag}`}:${number}`, committedUs, bytes, standalone: false }
}

const FIELD = { uuid: 1, number: 2, tag: 3, committed: 6, length: 8, last: 11 } as const
/** The number, and the two logical timestamps. */
const SIGNED: ReadonlySet<number> = new Set([2, 4, 5])

class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  /** As many more bytes follow as the first one has ones at its low end; up to 9 in all. */
  unsigned(): bigint {
    const first = this.#bytes.readUInt8(this.#at)
    let more = 0
    while (more < 8 && (first >> more) & 1) more += 1
    let value = 0n
    for (let i = more; i >= 1; i -= 1) {
      value = (value << 8n) | BigInt(this.#bytes.readUInt8(this.#at + i))
    }
    this.#at += more + 1
    if (more === 8) return value
    const kept = 7 - more
    return (value << BigInt(kept)) | BigInt(first >> (more + 1))
  }

  /** Zigzag: the lowest bit is the sign. */
  signed(): bigint {
    const value = this.unsigned()
    return value & 1n ? -(value >> 1n) - 1n : value >> 1n
  }

  /** A row of bytes without a length, each of them an integer. */
  bytes(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => Number(this.unsigned())))
  }

  text(): string {
    const length = Number(this.unsigned())
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at).toString('latin1')
  }
}
