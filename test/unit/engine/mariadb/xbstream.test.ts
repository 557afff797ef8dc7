import { expect, test } from 'vitest'
import { BLOCK_BYTES } from '#domain/backup/physical-manifest'
import { XbstreamReader } from '#engine/mariadb/xbstream'
import { BlockPool } from '#engine/shared/physical/block-pool'

function path(name: string): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(name.length)
  return Buffer.concat([length, Buffer.from(name)])
}

function chunk(type: string, name: string, rest: Buffer = Buffer.alloc(0), flags = 0): Buffer {
  const fixed = Buffer.from(`XBSTCK01\0${type}`)
  fixed[8] = flags
  return Buffer.concat([fixed, path(name), rest])
}

function payload(name: string, text: string, flags = 0, offset = 0): Buffer {
  const head = Buffer.alloc(20)
  head.writeBigUInt64LE(BigInt(text.length))
  head.writeBigUInt64LE(BigInt(offset), 8)
  return chunk('P', name, Buffer.concat([head, Buffer.from(text)]), flags)
}

function seek(name: string, offset: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(offset))
  return chunk('S', name, bytes)
}

const REWRITE = 2

/** What comes of a stream that arrives in pieces of this size. */
function read(stream: Buffer, size: number): string[] {
  const reader = new XbstreamReader(new BlockPool())
  const parts: string[] = []
  for (let at = 0; at < stream.length; at += size) {
    for (const part of reader.push(Buffer.from(stream.subarray(at, at + size)))) {
      const more = part.kind === 'block' ? part.bytes.toString() : ''
      parts.push(`${part.kind} ${part.path} ${more}`.trim())
      if (part.kind === 'block') part.release()
    }
  }
  reader.end()
  return parts
}

test.each([1, 7, 1000])(
  'files that are gone after they came, and come again, in pieces of %i',
  size => {
    const stream = Buffer.concat([
      ...[payload('./d/t.MYD', 'one'), chunk('E', './d/t.MYD'), chunk('D', './d/t.MYD')],
      ...[payload('./d/t.MYD', 'two'), chunk('E', './d/t.MYD')],
      ...[payload('./d/t.frm', 'old'), chunk('E', './d/t.frm')],
      ...[payload('./d/t.frm', 'new'), chunk('E', './d/t.frm')],
    ])
    expect(read(stream, size)).toEqual([
      ...['block d/t.MYD one', 'end d/t.MYD', 'gone d/t.MYD', 'block d/t.MYD two', 'end d/t.MYD'],
      ...['block d/t.frm old', 'end d/t.frm', 'block d/t.frm new', 'end d/t.frm'],
    ])
  },
)

test.each([1, 7, 1000])('files that are copied again on purpose, in pieces of %i', size => {
  const stream = Buffer.concat([
    ...[payload('./d/t.MAD', 'one'), chunk('E', './d/t.MAD')],
    ...[payload('./d/t.MAD', 'new', REWRITE), payload('./d/u.frm', 'x'), chunk('E', './d/t.MAD')],
    ...[chunk('E', './d/u.frm'), chunk('E', './d/t.MAD')],
  ])
  expect(read(stream, size)).toEqual([
    ...['block d/t.MAD one', 'end d/t.MAD', 'block d/t.MAD new', 'end d/t.MAD'],
    ...['block d/u.frm x', 'end d/u.frm', 'end d/t.MAD'],
  ])
})

test('parts of a table that are gone, and what stays: definitions, tables of InnoDB, and a database', () => {
  const file = (name: string) => [payload(name, '1'), chunk('E', name)]
  const names = ['./d/t#P#a.MAD', './d/t#P#b.MAI', './d/t#P#c.ibd', './d/t.frm', './d/t.par']
  const came = Buffer.concat(names.flatMap(file))
  const gone = (name: string) =>
    read(Buffer.concat([came, chunk('D', name)]), 1000).filter(part => part.startsWith('gone'))
  expect(gone('./d/t#P#*')).toEqual(['gone d/t#P#a.MAD', 'gone d/t#P#b.MAI'])
  for (const name of ['./d/t.frm', './d', './d/t', './d/t.MAD']) expect(gone(name)).toEqual([])
})

test.each([1, 1000])('a log of Aria whose header is written again, in pieces of %i', size => {
  const log = 'aria_log.00000007'
  const stream = Buffer.concat([
    ...[payload(log, 'head 0 more'), payload('./d/t.frm', 'x'), seek(log, 5)],
    ...[payload(log, '99', 0, 5), chunk('E', './d/t.frm'), seek(log, 11)],
    ...[payload(log, ' still', 0, 11), chunk('E', log)],
  ])
  expect(read(stream, size)).toEqual([
    ...['block d/t.frm x', 'end d/t.frm', `block ${log} head 99more still`, `end ${log}`],
  ])
})

test('of a long log of Aria whose header is written again the first block comes last', () => {
  const log = 'aria_log.00000007'
  const long = 'a'.repeat(2 * BLOCK_BYTES + 3)
  const stream = Buffer.concat([
    ...[payload(log, long), seek(log, 37), payload(log, 'B', 0, 37), chunk('E', log)],
  ])
  const blocks = read(stream, 65_536).map(part => part.replace(/a{9,}/g, as => `${as.length}`))
  expect(blocks).toEqual([
    ...[`block ${log} ${BLOCK_BYTES}`, `block ${log} aaa`],
    ...[`block ${log} 37B${BLOCK_BYTES - 38}`, `end ${log}`],
  ])
})

test('other steps back are refused', () => {
  const step = (name: string, text: string, at: number) =>
    read(Buffer.concat([payload(name, text), seek(name, at), payload(name, '12', 0, at)]), 1000)
  expect(() => step('./d/t.ibd', 'abc', 0)).toThrow('d/t.ibd goes back from 3 to 0')
  expect(() => step('aria_log.00000007', 'abc', 2)).toThrow(
    'aria_log.00000007 is written again from 2 to 4',
  )
  const long = 'a'.repeat(BLOCK_BYTES + 1)
  expect(() => step('aria_log.00000007', long, BLOCK_BYTES)).toThrow('goes back from')
  expect(() => step('aria_log.00000007', long, BLOCK_BYTES - 1)).toThrow('is written again from')
})

test('what is taken back too early, comes twice or is renamed is refused, and so are other chunks', () => {
  const whole = Buffer.concat([payload('./d/t.MYD', 'one'), chunk('E', './d/t.MYD')])
  const open = Buffer.concat([payload('./d/t.MYD', 'one'), chunk('D', './d/t.MYD')])
  expect(() => read(open, 1000)).toThrow('d/t.MYD is taken back before its end')
  expect(() => read(Buffer.concat([whole, whole]), 1000)).toThrow('d/t.MYD comes twice')
  const renamed = Buffer.concat([whole, chunk('R', './d/t.MYD', path('./d/u.MYD'))])
  expect(() => read(renamed, 1000)).toThrow('d/t.MYD was renamed while it was copied')
  expect(() => read(chunk('Z', './d/t.frm'), 1000)).toThrow('a type that is not known: "Z"')
})
