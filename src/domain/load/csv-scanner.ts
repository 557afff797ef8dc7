/**
 * A CSV scanner for bytes as latin1 text: one character is one byte, so lengths are byte
 * counts, nothing is lost in bytes that are no UTF-8, and the caller checks those.
 *
 * RFC 4180, with what the shop's exports need besides: LF and CRLF, also mixed; no line end
 * at the end; a bare NULL or \N is null, a quoted one is text (as LOAD DATA reads them);
 * empty lines are skipped; a quote inside a bare field is a character like others.
 *
 * Why not csv-parse, which the tests compare it with: after a stray quote csv-parse takes
 * the good rows that follow into the bad one, a quote that is never closed takes the whole
 * file into memory, and it is four times as slow.
 */

/** null stands for NULL. Text is latin1: one character per byte of the file. */
export type CsvField = string | null

export interface CsvHandler {
  /** @param line of the file where the record begins, from 1 */
  record(fields: CsvField[], line: number, raw: string): void
  /**
   * Something that cannot be read as a record; the scanner goes on behind it.
   *
   * @param raw its bytes, or their start where there are very many
   */
  malformed(reason: string, line: number, raw: string): void
}

/** Longer records are reported as malformed instead of being kept in memory. */
export const LARGEST_RECORD_BYTES = 32 * 1024 * 1024
const RAW_HEAD_BYTES = 64 * 1024

interface Discarding {
  line: number
  inQuotes: boolean
  head: string
}

export class CsvScanner {
  /** Bytes up to the end of the last whole record; a new scanner may start there. */
  position: number
  /** The line at `position`. */
  line: number
  readonly #handler: CsvHandler
  readonly #largest: number
  #text = ''
  #nextQuote = -1
  #discarding: Discarding | null = null

  /** @param start where in the file the first pushed byte is: the end of a record, or 0 */
  constructor(
    handler: CsvHandler,
    start: { position: number; line: number } = { position: 0, line: 1 },
    largestRecordBytes = LARGEST_RECORD_BYTES,
  ) {
    this.#handler = handler
    this.position = start.position
    this.line = start.line
    this.#largest = largestRecordBytes
  }

  /** The next bytes of the file as latin1 text. */
  push(text: string): void {
    this.#text = this.#text === '' ? text : this.#text + text
    this.#scan(false)
  }

  /** There is no more: what is left is the last record. */
  end(): void {
    this.#scan(true)
    if (this.#discarding) this.#endDiscarding('is not closed before the end of the file')
  }

  #scan(final: boolean): void {
    let at = this.#discarding ? this.#discard(0) : 0
    this.#nextQuote = this.#text.indexOf('"', at)
    while (at < this.#text.length && !this.#discarding) {
      const end = this.#record(at, final)
      if (end < 0) break
      this.position += end - at
      at = end
    }
    this.#text = at === 0 ? this.#text : this.#text.slice(at)
    if (this.#text.length > this.#largest && !final) this.#startDiscarding()
  }

  /** One record from `at`; its end, or -1 when more bytes are needed. */
  #record(at: number, final: boolean): number {
    const text = this.#text
    const lineEnd = text.indexOf('\n', at)
    if (lineEnd < 0 && !final) return -1
    const end = lineEnd < 0 ? text.length : lineEnd
    if (this.#nextQuote >= 0 && this.#nextQuote < at) this.#nextQuote = text.indexOf('"', at)
    if (this.#nextQuote >= 0 && this.#nextQuote < end) return this.#quoted(at, end, final)
    const content = withoutReturn(text, at, end)
    if (content > at) {
      const raw = text.slice(at, content)
      const fields: CsvField[] = raw.split(',')
      for (let place = 0; place < fields.length; place++) {
        if (fields[place] === 'NULL' || fields[place] === '\\N') fields[place] = null
      }
      this.#handler.record(fields, this.line, raw)
    }
    this.line += 1
    return lineEnd < 0 ? end : end + 1
  }

  /** A record with quotes in it, which may go over more than one line. */
  #quoted(start: number, firstLineEnd: number, final: boolean): number {
    const text = this.#text
    const fields: CsvField[] = []
    let lineEnd = firstLineEnd
    let at = start
    for (;;) {
      if (text[at] !== '"') {
        const comma = text.indexOf(',', at)
        const stop = comma < 0 || comma > lineEnd ? withoutReturn(text, at, lineEnd) : comma
        const value = text.slice(at, stop)
        fields.push(value === 'NULL' || value === '\\N' ? null : value)
        if (stop !== comma) return this.#finish(fields, start, stop, lineEnd)
        at = comma + 1
        continue
      }
      const close = closingQuote(text, at + 1, final)
      if (close < 0) return final ? this.#neverClosed(start) : -1
      const value = text.slice(at + 1, close)
      fields.push(value.includes('"') ? value.replaceAll('""', '"') : value)
      if (close > lineEnd) {
        lineEnd = text.indexOf('\n', close)
        if (lineEnd < 0 && !final) return -1
        if (lineEnd < 0) lineEnd = text.length
      }
      if (text[close + 1] === ',') at = close + 2
      else if (close + 1 === withoutReturn(text, close + 1, lineEnd)) {
        return this.#finish(fields, start, close + 1, lineEnd)
      } else return this.#strayQuote(start, close, lineEnd)
    }
  }

  #finish(fields: CsvField[], start: number, stop: number, lineEnd: number): number {
    const raw = this.#text.slice(start, stop)
    this.#handler.record(fields, this.line, raw)
    return this.#passLines(start, lineEnd)
  }

  #strayQuote(start: number, close: number, lineEnd: number): number {
    const text = this.#text
    const after = text.slice(close + 1, close + 11).split('\n', 1)[0]
    this.#handler.malformed(
      `a closing quote is followed by ${JSON.stringify(after)}, not by a comma or the end of the line`,
      this.line,
      text.slice(start, Math.min(withoutReturn(text, start, lineEnd), start + RAW_HEAD_BYTES)),
    )
    return this.#passLines(start, lineEnd)
  }

  #neverClosed(start: number): number {
    const raw = this.#text.slice(start)
    const lines = countLines(raw)
    this.#handler.malformed(
      `a quote that opens here is not closed before the end of the file${lines > 1 ? `: ${lines} lines are in it` : ''}`,
      this.line,
      raw.slice(0, RAW_HEAD_BYTES),
    )
    this.line += lines
    return this.#text.length
  }

  #passLines(start: number, lineEnd: number): number {
    const text = this.#text
    const end = Math.min(text.length, lineEnd + 1)
    const oneLine = lineEnd < text.length && text.indexOf('\n', start) === lineEnd
    this.line += oneLine ? 1 : countLines(text.slice(start, end))
    return end
  }

  #startDiscarding(): void {
    const text = this.#text
    this.#discarding = { line: this.line, inQuotes: false, head: text.slice(0, RAW_HEAD_BYTES) }
    this.#text = text.slice(this.#discard(0))
    if (!this.#discarding) this.#scan(false)
  }

  /** Passes over the rest of a record that is too long; where it ends. */
  #discard(from: number): number {
    const state = this.#discarding
    const text = this.#text
    let at = from
    while (state && at < text.length) {
      const quote = text.indexOf('"', at)
      const newline = state.inQuotes ? -1 : text.indexOf('\n', at)
      if (newline >= 0 && (quote < 0 || newline < quote)) {
        this.#countDiscarded(newline + 1)
        this.#endDiscarding(`is longer than ${this.#largest} bytes`)
        return newline + 1
      }
      if (quote < 0) break
      state.inQuotes = !state.inQuotes
      at = quote + 1
    }
    this.#countDiscarded(text.length)
    return text.length
  }

  #countDiscarded(end: number): void {
    this.position += end
    this.line += countNewlines(this.#text.slice(0, end))
  }

  #endDiscarding(reason: string): void {
    const { line, head } = this.#discarding ?? { line: this.line, head: '' }
    this.#discarding = null
    const lines = this.line - line
    const content = lines > 1 ? `: ${lines} lines are in it` : ''
    this.#handler.malformed(`the record that begins here ${reason}${content}`, line, head)
  }
}

/** The end without the carriage return of a CRLF. */
function withoutReturn(text: string, start: number, end: number): number {
  return end > start && text.charCodeAt(end - 1) === 13 ? end - 1 : end
}

/** The quote that closes a field, passing over doubled ones; -1 when there is none yet. */
function closingQuote(text: string, from: number, final: boolean): number {
  for (let at = from; ; ) {
    const quote = text.indexOf('"', at)
    if (quote < 0) return -1
    if (quote + 1 === text.length) return final ? quote : -1
    if (text.charCodeAt(quote + 1) !== 34) return quote
    at = quote + 2
  }
}

function countNewlines(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1
  return count
}

/** Lines, where the last one need not have an end. */
function countLines(text: string): number {
  return countNewlines(text) + (text.endsWith('\n') ? 0 : 1)
}
