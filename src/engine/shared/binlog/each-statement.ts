import { Transform, type TransformCallback } from 'node:stream'
import { DELIMITER } from './watch-statements.ts'

/** Comments that the tool prints before a statement, and those that it begins with itself. */
export const BEFORE = /^(?:#[^\n]*\n|\s+)*/

/** Executes something else than the tool prints, statement by statement; bytes, as latin1. */
export abstract class EachStatement extends Transform {
  readonly #longest: number
  #held = ''
  /** Of a statement of which a part was passed on. */
  #isPassing = false

  /** @param longest characters of a statement that may be executed otherwise; a longer one is passed on as it comes */
  constructor(longest: number) {
    super()
    // With what the tool prints before it.
    this.#longest = longest + 2 ** 16
  }

  /**
   * @param before comments that stand before a statement
   * @param text the rest, without its delimiter
   * @returns what is executed; null for nothing
   */
  protected abstract instead(before: string, text: string): string | null

  /**
   * @param text how a statement begins that is passed on as it comes, since it is longer
   * @returns what is executed before it, with its delimiter
   */
  protected ahead(_text: string): string {
    return ''
  }

  /** @throws EcomdbError TOOL_FAILED when the tool has not printed all that is executed otherwise */
  requireAll(_tool: string): void {}

  override _transform(chunk: Buffer, _encoding: string, done: TransformCallback): void {
    const parts = `${this.#held}${chunk.toString('latin1')}`.split(DELIMITER)
    this.#held = parts.pop() ?? ''
    for (const part of parts) {
      const text = this.#isPassing ? part : this.#insteadOf(part)
      if (text !== null) this.#pass(`${text}${DELIMITER}`)
      this.#isPassing = false
    }
    if (this.#held.length > this.#longest) {
      // Its end may be the beginning of a delimiter.
      const sure = this.#held.length - DELIMITER.length
      if (!this.#isPassing) this.#pass(this.ahead(this.#held.replace(BEFORE, '')))
      this.#pass(this.#held.slice(0, sure))
      this.#held = this.#held.slice(sure)
      this.#isPassing = true
    }
    done()
  }

  override _flush(done: TransformCallback): void {
    this.#pass(this.#held)
    done()
  }

  #insteadOf(part: string): string | null {
    const before = BEFORE.exec(part)?.[0] ?? ''
    return this.instead(before, part.slice(before.length))
  }

  #pass(text: string): void {
    if (text !== '') this.push(Buffer.from(text, 'latin1'))
  }
}
