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

test('blocks hold whole rows; a row larger than a block takes several', () => {
  const rows = [1000, 700_000, 10, 3_000_000, 5].map(size => [Buffer.alloc(size, '\t')])
  const blocks = write([TEXT], rows)
  expect(text(blocks)).toBe(rows.map(([field]) => `${'\\t'.repeat(field?.length ?? 0)}\n`).join(''))
  expect(blocks.reduce((sum, block) => sum + block.rows, 0)).toBe(5)
  for (const { bytes, length, endsRow } of blocks) {
    expect(length).toBeLessThanOrEqual(BLOCK_BYTES)
    expect(endsRow).toBe(bytes[length - 1] === 0x0a)
  }
})

test('a row in parts is the row in one, wherever it is cut', () => {
  const sizes = [0, 3, 250, 251, 65_535, 65_536, 200_000]
  const row = [null, ...sizes.map(size => Buffer.alloc(size, 'a\tb\\')), null, Buffer.from('x')]
  const types = row.map((_, column) => (column === 4 ? INTEGER : TEXT))
  const whole = packet(row)
  const [expected] = [text(write(types, [row]))]
  for (const step of [1, 2, 7, 65_537, whole.length]) {
    const blocks: TsvBlock[] = []
    const take = () => Buffer.allocUnsafeSlow(BLOCK_BYTES)
    const tsv = new TsvBlocks(take, block => blocks.push(block), true)
    tsv.columns(Uint8Array.from(types))
    for (let at = 0; at < whole.length; at += step) {
      const part = Buffer.from(whole.subarray(at, at + step))
      tsv.part(part, 0, part.length, at + step >= whole.length)
      part.fill(0xee)
    }
    tsv.flush()
    expect(text(blocks) === expected).toBe(true)
    const summer = new RowSummer()
    summer.add(Buffer.from(expected, 'latin1'))
    expect(blocks.reduce((sum, { rowSum }) => addRowSums(sum, rowSum ?? 0n), 0n)).toBe(
      summer.take(),
    )
  }
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
