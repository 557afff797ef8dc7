import fc from 'fast-check'
import { expect, test } from 'vitest'
import { assembleWat } from '#engine/shared/bulk/assemble-wat'
import { RangeCutter } from '#engine/shared/bulk/range-cutter'
import type { RowMachine } from '#engine/shared/bulk/row-machine'
import { BLOCK_BYTES, startRowMachine, TsvBlocks } from '#engine/shared/bulk/tsv-blocks'
import { WireResult } from '#engine/shared/bulk/wire-result'

const TEXT = 253
const INTEGER = 3
type Row = readonly (Buffer | null)[]

function field(value: Buffer | null): Buffer {
  if (value === null) return Buffer.from([0xfb])
  if (value.length < 0xfb) return Buffer.concat([Buffer.from([value.length]), value])
  const head = Buffer.alloc(value.length < 0x10000 ? 3 : 4)
  head[0] = value.length < 0x10000 ? 0xfc : 0xfd
  head.writeUIntLE(value.length, 1, head.length - 1)
  return Buffer.concat([head, value])
}

function packet(payload: Buffer): Buffer {
  const head = Buffer.alloc(4)
  head.writeUIntLE(payload.length, 0, 3)
  return Buffer.concat([head, payload])
}

/** What a server sends for these rows: column count, definitions, rows, the end. */
function answer(types: readonly number[], rows: readonly Row[]): Buffer {
  const definition = (type: number): Buffer => {
    const bytes = Buffer.alloc(20)
    bytes[14] = type
    return packet(bytes)
  }
  return Buffer.concat([
    packet(Buffer.from([types.length])),
    ...types.map(definition),
    ...rows.map(row => packet(Buffer.concat(row.map(field)))),
    packet(Buffer.from([0xfe, 0, 0, 0, 0, 0, 0])),
  ])
}

interface Written {
  blocks: { text: string; rows: number }[]
  /** After how many rows each border was passed. */
  passed: number[]
}

function write(
  bytes: Buffer,
  chunkBytes: number,
  borders: readonly string[],
  machine: RowMachine | null,
): Written {
  const written: Written = { blocks: [], passed: [] }
  const cutter = new RangeCutter(borders)
  const tsv = new TsvBlocks(
    () => machine?.block ?? Buffer.allocUnsafeSlow(BLOCK_BYTES),
    ({ bytes: block, length, rows }) =>
      written.blocks.push({ text: block.toString('latin1', 0, length), rows }),
    false,
  )
  const result = new WireResult(
    {
      columns: types => tsv.columns(types, machine),
      rows: (chunk, at) => (machine?.stopAt(cutter.next) ? tsv.rows(chunk, at) : at),
      row(chunk, start, end) {
        for (let ends = cutter.passed(chunk, start); ends > 0; ends--) {
          tsv.flush()
          written.passed.push(written.blocks.reduce((sum, { rows }) => sum + rows, 0))
        }
        tsv.row(chunk, start, end)
      },
      end: () => tsv.flush(),
      error: error => {
        throw new Error(error.message)
      },
    },
    true,
  )
  result.begin(false)
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const part = bytes.subarray(at, at + chunkBytes)
    // As the socket does: into the machine's own memory.
    const into = machine && part.length <= machine.input.length ? machine.input : null
    into?.set(part)
    result.push(into ? into.subarray(0, part.length) : part)
  }
  return written
}

const machine = startRowMachine()

test('this Node has the instructions that the machine needs', () => {
  expect(machine).not.toBeNull()
})

test('the machine writes what JavaScript writes, block for block', () => {
  const special = fc.constantFrom(0, 9, 10, 13, 0x5c, 0x4e, 0x27, 0xfb, 0xff)
  const bytes = fc.array(fc.oneof({ weight: 6, arbitrary: fc.nat(255) }, special), {
    maxLength: 70,
  })
  const long = fc.nat(70_000).map(length => Buffer.alloc(length, 'ab\\c\td'))
  const value = fc.oneof(
    { weight: 9, arbitrary: bytes.map(list => Buffer.from(list)) },
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: long },
  )
  const number = fc.option(
    fc.bigInt(-(2n ** 63n), 2n ** 63n).map(n => Buffer.from(String(n))),
    { nil: null },
  )
  const row = fc.tuple(fc.integer({ min: 0, max: 40 }), value, number, value)
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 60 }),
      fc.integer({ min: -20, max: 20 }),
      fc.array(fc.integer({ min: -30, max: 60 }), { maxLength: 4 }),
      fc.constantFrom(1, 7, 100, 5000, 65_536, 300_000),
      (rest, first, steps, chunkBytes) => {
        let key = first
        const rows = rest.map(([step, ...values]) => {
          key += step
          return [Buffer.from(String(key)), ...values]
        })
        const borders = [...new Set(steps)].sort((a, b) => a - b).map(String)
        const wire = answer([INTEGER, TEXT, INTEGER, TEXT], rows)
        // An answer of some megabytes byte by byte takes long, and tells no more.
        const size = wire.length > 50_000 ? Math.max(chunkBytes, 5000) : chunkBytes
        expect(write(wire, size, borders, machine)).toEqual(write(wire, size, borders, null))
      },
    ),
    { numRuns: 300 },
  )
})

test('blocks are full in the same places, also with rows that do not fit', () => {
  const sizes = [3, 400_000, 16, 15, 700_000, 17, 260, 66_000, 64, 0, 600_000, 31]
  const rows = Array.from({ length: 3000 }, (_, at) => [
    Buffer.from(String(at)),
    Buffer.alloc(at % 50 === 0 ? (sizes[(at / 50) % sizes.length] ?? 0) : at % 90, 'x\\y'),
  ])
  const wire = answer([INTEGER, TEXT], rows)
  for (const borders of [[], ['7', '1500', '99999999999999999999']]) {
    const [ours, plain] = [machine, null].map(one => write(wire, 65_536, borders, one))
    expect(ours).toEqual(plain)
    expect(ours?.blocks.length).toBeGreaterThan(3)
  }
})

test('a row whose fields do not fill its packet is refused, and nothing beyond it is read', () => {
  const rows = [[Buffer.from('1'), Buffer.from('abc')]]
  const wire = answer([INTEGER, TEXT], rows)
  const field = wire.indexOf('abc') - 1
  for (const length of [2, 4, 200, 0xfc, 0xfd, 0xfe]) {
    const broken = Buffer.from(wire)
    broken[field] = length
    expect(() => write(broken, 65_536, [], machine), String(length)).toThrow(/unreachable/)
  }
})

test('what the assembler does not know is refused by name', () => {
  const module = (code: string): string =>
    `(module (memory $m (export "memory") 1) (func $f (export "f") (result i32) ${code}))`
  expect(() => assembleWat(module('(f32.const 1)'))).toThrow('f32.const')
  expect(() => assembleWat(module('(local.get $x)'))).toThrow('$x')
  expect(() => assembleWat('(module')).toThrow('too few )')
  expect(() => assembleWat('(module))')).toThrow('too many )')
})
