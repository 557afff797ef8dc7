import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addRowSums, RowSummer } from '#domain/backup/row-sum'
import { BLOCK_BYTES, type TsvBlock, TsvBlocks } from '#engine/shared/bulk/tsv-blocks'

const TEXT = 253
const INTEGER = 3

function packet(fields: readonly (Buffer | null)[]): Buffer {
  return Buffer.concat(
    fields.map(field => {
      if (field === null) return Buffer.from([0xfb])
      const head = Buffer.alloc(9)
      head[0] = 0xfe
      head.writeBigUInt64LE(BigInt(field.length), 1)
      return Buffer.concat([field.length < 251 ? Buffer.from([field.length]) : head, field])
    }),
  )
}

function write(
  types: readonly number[],
  rows: readonly (readonly (Buffer | null)[])[],
  additive = false,
): TsvBlock[] {
  const blocks: TsvBlock[] = []
  const tsv = new TsvBlocks(
    () => Buffer.allocUnsafeSlow(BLOCK_BYTES).fill(0xee),
    block => blocks.push(block),
    additive,
  )
  tsv.columns(Uint8Array.from(types))
  for (const row of rows) {
    const bytes = packet(row)
    tsv.row(bytes, 0, bytes.length)
  }
  tsv.flush()
  return blocks
}

const text = (blocks: readonly TsvBlock[]): string =>
  blocks.map(({ bytes, length }) => bytes.toString('latin1', 0, length)).join('')

/** LOAD DATA's own rules, the other way round. */
function fieldsOf(line: string): (Buffer | null)[] {
  return line.split('\t').map(field => {
    if (field === '\\N') return null
    const letters: Record<string, string> = { '0': '\0', n: '\n', t: '\t', '\\': '\\' }
    const plain = field.replace(/\\(.)/gs, (_, letter: string) => letters[letter] ?? letter)
    return Buffer.from(plain, 'latin1')
  })
}

test('what LOAD DATA would read is what the server sent', () => {
  const field = fc.option(
    fc.uint8Array({ maxLength: 400 }).map(bytes => Buffer.from(bytes)),
    { nil: null },
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(field, field), { maxLength: 30 }), rows => {
      const blocks = write([TEXT, TEXT], rows)
      const lines = text(blocks).split('\n')
      expect(lines.pop()).toBe('')
      expect(lines.map(fieldsOf)).toEqual(rows)
      expect(blocks.reduce((sum, block) => sum + block.rows, 0)).toBe(rows.length)
    }),
  )
})

test('NULL, the empty string and the word NULL are three things', () => {
  const words = [null, Buffer.from(''), Buffer.from('NULL'), Buffer.from('\\N')]
  expect(text(write([TEXT, TEXT, TEXT, TEXT], [words]))).toBe('\\N\t\tNULL\t\\\\N\n')
})

test('numbers are copied, also long ones', () => {
  const digits = Buffer.from('9'.repeat(300))
  expect(text(write([INTEGER, TEXT], [[digits, digits]]))).toBe(`${digits}\t${digits}\n`)
})

test('blocks hold whole rows, and a row larger than a block is a block of its own', () => {
  const rows = [1000, 700_000, 10, 3_000_000, 5].map(size => [Buffer.alloc(size, '\t')])
  const blocks = write([TEXT], rows)
  expect(blocks.map(block => block.rows)).toEqual([1, 1, 1, 1, 1])
  expect(blocks.map(block => block.length)).toEqual(rows.map(([f]) => 2 * (f?.length ?? 0) + 1))
})

test('sums do not depend on the order or the cuts, and two equal rows count', () => {
  const rows = ['a', 'b', 'b', 'c'].map(word => [Buffer.from(word)])
  const sumOf = (blocks: TsvBlock[]): bigint =>
    blocks.reduce((sum, { rowSum }) => addRowSums(sum, rowSum ?? 0n), 0n)
  const once = sumOf(write([TEXT], rows, true))
  expect(sumOf(write([TEXT], rows.toReversed(), true))).toBe(once)
  expect(
    sumOf([...write([TEXT], rows.slice(0, 2), true), ...write([TEXT], rows.slice(2), true)]),
  ).toBe(once)
  expect(sumOf(write([TEXT], [...rows, ...rows.slice(1, 3)], true))).not.toBe(once)
  const summer = new RowSummer()
  for (const line of ['a\n', 'b\n', 'b\n', 'c\n']) summer.add(Buffer.from(line))
  expect(summer.take()).toBe(once)
})
