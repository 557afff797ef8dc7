import type { CsvField } from './csv-scanner.ts'
import type { FilePlan, PlannedColumn } from './match-header.ts'
import { Problem } from './problem.ts'

/**
 * Checked rows, ready for LOAD DATA: its default text format (tab, newline, backslash
 * escapes, \N). Values are as the server prints them, so that a row can be compared with
 * one that is there already.
 */
export interface RowBatch {
  plan: FilePlan
  rows: number
  /** One after the other they are the whole text. */
  pieces: readonly Buffer[]
  /** Per row, where its text ends. */
  ends: readonly number[]
  /** Per row, the line of the file. */
  lines: readonly number[]
  /** Lowest and highest key where the key is one whole number; null otherwise. */
  keyRange: { low: number; high: number } | null
}

/** A row of a batch, read back from its text. Values are real text (UTF-8 decoded). */
export interface LoadRow {
  line: number
  values: (string | null)[]
}

/** Gathers checked rows. */
export class RowBatchBuilder {
  sizeBytes = 0
  readonly #plan: FilePlan
  readonly #columns: readonly PlannedColumn[]
  readonly #numericKey: number
  #pieces: Buffer[] = []
  #texts: string[] = []
  #ends: number[] = []
  #lines: number[] = []
  #low = Number.POSITIVE_INFINITY
  #high = Number.NEGATIVE_INFINITY

  constructor(plan: FilePlan) {
    this.#plan = plan
    this.#columns = plan.columns
    this.#numericKey = numericKey(plan)
  }

  get rows(): number {
    return this.#ends.length
  }

  /** Takes a record, or says why not: "created_at: "yesterday" is no date". */
  add(fields: readonly CsvField[], line: number): Problem | null {
    if (fields.length !== this.#plan.fields) {
      return new Problem(`has ${fields.length} fields, the header has ${this.#plan.fields}`)
    }
    let text = ''
    let key = 0
    for (let place = 0; place < this.#columns.length; place++) {
      const column = this.#columns[place] as PlannedColumn
      const value = fieldText(column, fields)
      if (typeof value === 'object' && value !== null) return value
      if (place === this.#numericKey) key = Number(value)
      text += `${place === 0 ? '' : '\t'}${value === null ? '\\N' : escapeText(value)}`
    }
    if (key < this.#low) this.#low = key
    if (key > this.#high) this.#high = key
    this.#texts.push(text, '\n')
    this.sizeBytes += text.length + 1
    this.#ends.push(this.sizeBytes)
    this.#lines.push(line)
    return null
  }

  /** Turns what was added into bytes; call it now and then, so that the text stays small. */
  pack(): void {
    if (this.#texts.length === 0) return
    this.#pieces.push(Buffer.from(this.#texts.join(''), 'latin1'))
    this.#texts = []
  }

  /** The batch; the builder is empty then. */
  take(): RowBatch {
    this.pack()
    const exact = Number.isSafeInteger(this.#low) && Number.isSafeInteger(this.#high)
    const batch: RowBatch = {
      plan: this.#plan,
      rows: this.#ends.length,
      pieces: this.#pieces,
      ends: this.#ends,
      lines: this.#lines,
      keyRange: this.#numericKey >= 0 && exact ? { low: this.#low, high: this.#high } : null,
    }
    this.#pieces = []
    this.#ends = []
    this.#lines = []
    this.sizeBytes = 0
    this.#low = Number.POSITIVE_INFINITY
    this.#high = Number.NEGATIVE_INFINITY
    return batch
  }
}

function numericKey({ key, columns, table }: FilePlan): number {
  const [place, more] = key
  if (place === undefined || more !== undefined) return -1
  const name = columns[place]?.name
  const column = table.columns.find(candidate => candidate.name === name)
  return column?.kind.type === 'integer' ? place : -1
}

function fieldText(column: PlannedColumn, fields: readonly CsvField[]): string | null | Problem {
  if (column.field < 0) return column.constant
  const given = fields[column.field] ?? null
  if (given === null || (given === '' && column.emptyIsNull)) {
    if (column.nullable) return null
    return new Problem(`${column.name}: is ${given === null ? 'NULL' : 'empty'}, and needs a value`)
  }
  const checked = column.check(given)
  if (typeof checked === 'string') return checked
  return new Problem(`${column.name}: ${excerpt(given)} ${checked.reason}`)
}

/** A value in a message: what is printable of it, not too long. */
function excerpt(latin1: string): string {
  const text = Buffer.from(latin1.slice(0, 60), 'latin1').toString()
  return `${JSON.stringify(text)}${latin1.length > 60 ? '…' : ''}`
}

const SPECIAL = /[\t\n\\\0]/

function escapeText(value: string): string {
  if (!SPECIAL.test(value)) return value
  return value
    .replaceAll('\\', '\\\\')
    .replaceAll('\t', '\\t')
    .replaceAll('\n', '\\n')
    .replaceAll('\0', '\\0')
}

const UNESCAPED: Readonly<Record<string, string>> = { t: '\t', n: '\n', '0': '\0', '\\': '\\' }

/** The rows of a batch from one place up to, without, another. */
export function readRows(batch: RowBatch, from: number, to: number): LoadRow[] {
  const start = from === 0 ? 0 : (batch.ends[from - 1] ?? 0)
  const end = batch.ends[Math.min(to, batch.rows) - 1] ?? start
  const text = sliceOf(batch.pieces, start, end).toString()
  const lines = text.split('\n')
  return lines.slice(0, -1).map((line, place) => ({
    line: batch.lines[from + place] ?? 0,
    values: line.split('\t').map(unescapeText),
  }))
}

function unescapeText(value: string): string | null {
  if (value === '\\N') return null
  return value.includes('\\')
    ? value.replace(/\\(.)/g, (whole, letter: string) => UNESCAPED[letter] ?? whole)
    : value
}

/** The bytes from one place to another of pieces that follow one another. */
function sliceOf(pieces: readonly Buffer[], start: number, end: number): Buffer {
  const parts: Buffer[] = []
  let offset = 0
  for (const piece of pieces) {
    const low = Math.max(start - offset, 0)
    const high = Math.min(end - offset, piece.length)
    if (low < high) parts.push(piece.subarray(low, high))
    offset += piece.length
  }
  return Buffer.concat(parts)
}
