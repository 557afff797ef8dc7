import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ServerRefusal, WireResult } from '#engine/shared/bulk/wire-result'

/** Packets as a server sends them: each with its header, long payloads in several. */
class ServerBytes {
  readonly #packets: Buffer[] = []
  #sequence = 1

  packet(payload: Buffer): this {
    for (let at = 0; ; at += 0xffffff) {
      const part = payload.subarray(at, at + 0xffffff)
      const header = Buffer.alloc(4)
      header.writeUIntLE(part.length, 0, 3)
      header[3] = this.#sequence++ & 0xff
      this.#packets.push(header, part)
      if (part.length < 0xffffff) return this
    }
  }

  columns(types: readonly number[], deprecateEof: boolean): this {
    this.packet(Buffer.from([types.length]))
    for (const type of types) {
      const fixed = Buffer.alloc(13)
      fixed[0] = 0x0c
      fixed[7] = type
      this.packet(Buffer.concat([Buffer.from('\x03def\x01s\x01t\x01t\x01c\x01c', 'latin1'), fixed]))
    }
    return deprecateEof ? this : this.eof()
  }

  row(fields: readonly (Buffer | null)[]): this {
    return this.packet(Buffer.concat(fields.flatMap(field => lengthEncoded(field))))
  }

  eof(status = 2): this {
    return this.packet(Buffer.from([0xfe, 0, 0, status, 0]))
  }

  ok(marker: 0x00 | 0xfe, status = 2): this {
    return this.packet(Buffer.from([marker, 0, 0, status, 0, 0, 0]))
  }

  error(errno: number, message: string): this {
    const head = Buffer.from([0xff, errno & 0xff, errno >> 8])
    return this.packet(Buffer.concat([head, Buffer.from(`#42000${message}`)]))
  }

  bytes(): Buffer {
    return Buffer.concat(this.#packets)
  }
}

function lengthEncoded(field: Buffer | null): Buffer[] {
  if (field === null) return [Buffer.from([0xfb])]
  const { length } = field
  if (length < 0xfb) return [Buffer.from([length]), field]
  if (length < 0x10000) return [Buffer.from([0xfc, length & 0xff, length >> 8]), field]
  const head = Buffer.alloc(length < 0x1000000 ? 4 : 9)
  head[0] = length < 0x1000000 ? 0xfd : 0xfe
  if (head.length === 4) head.writeUIntLE(length, 1, 3)
  else head.writeBigUInt64LE(BigInt(length), 1)
  return [head, field]
}

interface Seen {
  types: number[][]
  rows: Buffer[]
  ends: number
  errors: ServerRefusal[]
}

/** Feeds the bytes in pieces that end at `cuts`. */
function parse(
  bytes: Buffer,
  cuts: readonly number[],
  deprecateEof: boolean,
  inParts = false,
): Seen {
  const seen: Seen = { types: [], rows: [], ends: 0, errors: [] }
  let parts: Buffer[] = []
  const result = new WireResult(
    {
      columns: types => seen.types.push([...types]),
      row: (from, start, end) => seen.rows.push(Buffer.from(from.subarray(start, end))),
      part: (from, start, end, last) => {
        parts.push(Buffer.from(from.subarray(start, end)))
        if (!last) return
        seen.rows.push(Buffer.concat(parts))
        parts = []
      },
      end: () => {
        seen.ends += 1
      },
      error: error => seen.errors.push(error),
    },
    deprecateEof,
  )
  result.begin(inParts)
  const ends = [...new Set([...cuts, bytes.length])].sort((a, b) => a - b)
  let at = 0
  for (const end of ends) {
    // A copy, since a socket's memory is used again.
    const chunk = Buffer.from(bytes.subarray(at, end))
    result.push(chunk)
    chunk.fill(0xee)
    at = end
  }
  return seen
}

const field = fc.option(
  fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes)),
  { nil: null },
)

test('rows are the same wherever the bytes are cut, with and without DEPRECATE_EOF', () => {
  const rows = fc.array(fc.tuple(field, field, field), { maxLength: 20 })
  fc.assert(
    fc.property(rows, fc.boolean(), fc.array(fc.nat(6000)), (table, deprecateEof, cuts) => {
      const server = new ServerBytes().columns([3, 253, 252], deprecateEof)
      for (const row of table) server.row(row)
      if (deprecateEof) server.ok(0xfe)
      else server.eof()
      const bytes = server.bytes()
      const seen = parse(
        bytes,
        cuts.filter(cut => cut < bytes.length),
        deprecateEof,
      )
      expect(seen.types).toEqual([[3, 253, 252]])
      expect(seen.rows).toEqual(table.map(row => Buffer.concat(row.flatMap(lengthEncoded))))
      expect(seen).toMatchObject({ ends: 1, errors: [] })
    }),
  )
})

test.each([0xffffff - 4, 0xffffff - 5, 0xffffff, 2 * 0xffffff - 9, 40_000_000])(
  'a row with a field of %i bytes, over several packets, is one row',
  length => {
    const large = Buffer.alloc(length, 'x')
    const bytes = new ServerBytes()
      .columns([252], false)
      .row([large])
      .row([Buffer.from('next')])
      .eof()
      .bytes()
    const cuts = Array.from({ length: Math.floor(bytes.length / 65_537) }, (_, i) => i * 65_537)
    const seen = parse(bytes, cuts, false)
    expect(seen.rows.length).toBe(2)
    expect(seen.rows[0]?.equals(Buffer.concat(lengthEncoded(large)))).toBe(true)
    expect(seen.rows[1]?.toString()).toBe('\x04next')
    expect(seen.ends).toBe(1)
  },
)

test('an error in the middle of the rows is told after them', () => {
  const bytes = new ServerBytes()
    .columns([3], false)
    .row([Buffer.from('1')])
    .error(1317, 'Query execution was interrupted')
    .bytes()
  const seen = parse(bytes, [3, 9, bytes.length - 2], false)
  expect(seen.rows.length).toBe(1)
  expect(seen.errors).toEqual([
    { errno: 1317, sqlState: '42000', message: 'Query execution was interrupted' },
  ])
  expect(seen.ends).toBe(0)
})

test('a statement without rows ends, one that is refused does not', () => {
  expect(parse(new ServerBytes().ok(0x00).bytes(), [], false).ends).toBe(1)
  const refused = parse(new ServerBytes().error(1146, 'no such table').bytes(), [], false)
  expect(refused).toMatchObject({ ends: 0, errors: [{ errno: 1146 }] })
})

test("a procedure's result sets end with the last one", () => {
  const bytes = new ServerBytes()
    .columns([3], false)
    .row([Buffer.from('1')])
    .eof(2 | 8)
    .ok(0x00)
    .bytes()
  expect(parse(bytes, [7], false)).toMatchObject({ ends: 1, rows: [Buffer.from('\x011')] })
})

test('a server that asks for a file gets none', () => {
  const request = new ServerBytes().packet(Buffer.from('\xfb/etc/passwd', 'latin1')).bytes()
  expect(() => parse(request, [], false)).toThrow(/file/)
})

test('what a server says before it closes an idle connection is told', () => {
  const seen: ServerRefusal[] = []
  const sink = { columns() {}, row() {}, end() {}, error: (e: ServerRefusal) => seen.push(e) }
  new WireResult(sink, false).push(new ServerBytes().error(1053, 'shutdown').bytes())
  expect(seen).toMatchObject([{ errno: 1053 }])
})
