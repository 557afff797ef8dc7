import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CsvField, CsvScanner } from '#domain/load/csv-scanner'

interface Scanned {
  records: CsvField[][]
  lines: number[]
  raws: string[]
  malformed: { reason: string; line: number; raw: string }[]
  position: number
  line: number
}

/** Scans bytes that come in pieces of this size. */
function scan(text: string, pieceBytes = text.length || 1, largest?: number): Scanned {
  const found: Scanned = { records: [], lines: [], raws: [], malformed: [], position: 0, line: 1 }
  const scanner = new CsvScanner(
    {
      record(fields, line, raw) {
        found.records.push(fields)
        found.lines.push(line)
        found.raws.push(raw)
      },
      malformed: (reason, line, raw) => found.malformed.push({ reason, line, raw }),
    },
    undefined,
    largest,
  )
  for (let at = 0; at < text.length; at += pieceBytes) scanner.push(text.slice(at, at + pieceBytes))
  scanner.end()
  return { ...found, position: scanner.position, line: scanner.line }
}

describe('compared with csv-parse', () => {
  const field = fc.string({
    unit: fc.constantFrom('a', 'é', ' ', ',', '"', '\n', '\r', '\t', '\\', '0', "'"),
    maxLength: 8,
  })
  const cell = fc.record({ value: field, quoted: fc.boolean() })
  const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 6 })
  const style = fc.record({
    ends: fc.constantFrom('\n', '\r\n'),
    lastEnd: fc.boolean(),
    pieceBytes: fc.integer({ min: 1, max: 40 }),
  })

  /** As CSV, quoting what must be quoted and what chance says. */
  function write(cells: { value: string; quoted: boolean }[][], ends: string, last: boolean) {
    const line = (row: { value: string; quoted: boolean }[]): string =>
      row
        .map(({ value, quoted }) =>
          quoted || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value,
        )
        .join(',')
    return cells.map(line).join(ends) + (last && cells.length > 0 ? ends : '')
  }

  test('any well-formed text, in pieces of any size, gives the same fields', () => {
    fc.assert(
      fc.property(table, style, (cells, { ends, lastEnd, pieceBytes }) => {
        const latin1 = Buffer.from(write(cells, ends, lastEnd)).toString('latin1')
        const expected = parse(Buffer.from(latin1, 'latin1'), {
          encoding: 'latin1',
          record_delimiter: ['\r\n', '\n'],
          relax_column_count: true,
          skip_empty_lines: true,
          cast: (value, { quoting }) =>
            !quoting && ['NULL', '\\N'].includes(value) ? null : value,
        })
        const scanned = scan(latin1, pieceBytes)
        expect(scanned.records).toEqual(expected)
        expect(scanned.malformed).toEqual([])
        expect(scanned.position).toBe(latin1.length)
      }),
      { numRuns: 2000 },
    )
  })

  test('a scanner that starts at a position goes on as if it had read all before', () => {
    fc.assert(
      fc.property(table, style, (cells, { ends, lastEnd }) => {
        const text = Buffer.from(write(cells, ends, lastEnd)).toString('latin1')
        const whole = scan(text)
        let stop = { position: 0, line: 1 }
        const firstRecords: CsvField[][] = []
        const first: CsvScanner = new CsvScanner({
          record: fields => firstRecords.push(fields),
          malformed() {},
        })
        first.push(text.slice(0, text.length >> 1))
        stop = { position: first.position, line: first.line }
        const rest: CsvField[][] = []
        const lines: number[] = []
        const second = new CsvScanner(
          {
            record(fields, line) {
              rest.push(fields)
              lines.push(line)
            },
            malformed() {},
          },
          stop,
        )
        second.push(text.slice(stop.position))
        second.end()
        expect([...firstRecords, ...rest]).toEqual(whole.records)
        expect(lines).toEqual(whole.lines.slice(firstRecords.length))
        expect([second.position, second.line]).toEqual([whole.position, whole.line])
      }),
      { numRuns: 500 },
    )
  })

  test('no text of any kind loses a byte: records, malformed ones and empty lines make it up', () => {
    const anything = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r'), maxLength: 40 })
    fc.assert(
      fc.property(anything, fc.integer({ min: 1, max: 10 }), (text, pieceBytes) => {
        const scanned = scan(text, pieceBytes)
        const content = (whole: string): string => whole.replace(/[\r\n]/g, '')
        const pieces = [
          ...scanned.raws.map((raw, place) => ({ raw, line: scanned.lines[place] ?? 0 })),
          ...scanned.malformed,
        ].sort((a, b) => a.line - b.line)
        expect(content(pieces.map(({ raw }) => raw).join(''))).toBe(content(text))
        expect(scanned).toEqual(scan(text))
        expect(scanned.position).toBe(text.length)
      }),
      { numRuns: 3000 },
    )
  })
})

test('a bare NULL or \\N is null, a quoted one is text', () => {
  expect(scan('NULL,"NULL",\\N,"\\N",null,\n').records).toEqual([
    [null, 'NULL', null, '\\N', 'null', ''],
  ])
})

test('lines are those of the file: quoted newlines and empty lines count', () => {
  const { lines, line } = scan('a,"x\ny\nz"\n\nb,c\r\n\r\n"d",e')
  expect(lines).toEqual([1, 5, 7])
  expect(line).toBe(8)
})

test('a stray quote costs its own line, not the ones after it', () => {
  const { records, malformed } = scan('1,"a"b,2\n2,"ok"\n3,x"y\n')
  expect(records).toEqual([
    ['2', 'ok'],
    ['3', 'x"y'],
  ])
  expect(malformed).toEqual([
    {
      line: 1,
      raw: '1,"a"b,2',
      reason: expect.stringContaining('a closing quote is followed by "b,2"'),
    },
  ])
})

test('a quote that is never closed is one malformed record that says how many lines are in it', () => {
  const { records, malformed, position } = scan('1,a\n2,"b\n3,c\n4,d\n')
  expect(records).toEqual([['1', 'a']])
  expect(malformed).toEqual([
    { line: 2, raw: '2,"b\n3,c\n4,d\n', reason: expect.stringContaining('3 lines are in it') },
  ])
  expect(position).toBe(17)
})

test('a record that is too long is passed over without being kept', () => {
  const long = `1,"${'x'.repeat(500)}\n${'y'.repeat(500)}"\n`
  for (const pieceBytes of [1, 7, 100, 5000]) {
    const scanned = scan(`${long}2,ok\n`, pieceBytes, 200)
    if (pieceBytes > 1000) continue // it came whole, and needed no keeping
    expect(scanned.records).toEqual([['2', 'ok']])
    expect(scanned.lines).toEqual([3])
    expect(scanned.malformed).toEqual([
      {
        line: 1,
        raw: expect.stringMatching(/^1,"x+/),
        reason: expect.stringMatching(/longer.*: 2 lines/),
      },
    ])
    expect(scanned.position).toBe(long.length + 5)
  }
})
