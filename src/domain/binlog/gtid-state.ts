import { EcomdbError } from '#core/errors'
import type { GtidHistory } from './history.ts'

const GTID = /^(\d{1,10})-(\d{1,10})-(\d{1,20})$/

/**
 * MariaDB's state of a binary log: for each domain and server the number of the last
 * transaction, and in each domain which server's was the last of all. As text, like
 * gtid_binlog_state: "0-1-100,0-2-50", the last of each domain standing last
 * (MariaDB Knowledge Base, "Global Transaction ID").
 */
export class GtidState implements GtidHistory {
  /** "domain-server" → number; in a domain, the one recorded last stands last. */
  readonly #numbers = new Map<string, bigint>()

  /** @throws EcomdbError USAGE when the text is none */
  static parse(text: string): GtidState {
    const state = new GtidState()
    for (const part of text.split(',')) {
      if (part.trim() === '') continue
      if (!GTID.test(part.trim())) throw notAState(text)
      state.record(part.trim())
    }
    return state
  }

  clone(): GtidState {
    return GtidState.parse(this.toString())
  }

  record(gtid: string): void {
    const [, domain, server, number = '0'] = GTID.exec(gtid) ?? []
    const key = `${domain}-${server}`
    this.#numbers.delete(key)
    this.#numbers.set(key, BigInt(number))
  }

  /** In every domain that is named, has this history come at least so far? */
  covers(wanted: string): boolean {
    return [...GtidState.parse(wanted).#numbers].every(([key, number]) => {
      const own = this.#numbers.get(key)
      return own !== undefined && own >= number
    })
  }

  has(gtid: string): boolean {
    return this.covers(gtid)
  }

  /** Has this history of the transaction's server in its domain nothing behind it? */
  isNotBeyond(gtid: string): boolean {
    return [...GtidState.parse(gtid).#numbers].every(
      ([key, number]) => (this.#numbers.get(key) ?? 0n) <= number,
    )
  }

  /** The last transaction of each domain, like gtid_binlog_pos. */
  position(): string {
    const last = new Map<string, string>()
    for (const [key, number] of this.#numbers) {
      last.set(key.slice(0, key.indexOf('-')), `${key}-${number}`)
    }
    return [...last]
      .sort(([a], [b]) => Number(a) - Number(b))
      .map(([, gtid]) => gtid)
      .join(',')
  }

  /** Domain → the number of its last transaction. */
  last(): Map<string, bigint> {
    const numbers = [...this.#numbers].map(
      ([key, number]) => [key.slice(0, key.indexOf('-')), number] as const,
    )
    return new Map(numbers)
  }

  isEmpty(): boolean {
    return this.#numbers.size === 0
  }

  toString(): string {
    return [...this.#numbers].map(([key, number]) => `${key}-${number}`).join(',')
  }
}

function notAState(text: string): EcomdbError {
  return new EcomdbError('USAGE', {
    what: `"${text}" is not a GTID position of MariaDB`,
    why: 'it is DOMAIN-SERVER-NUMBER, or several of them with commas between',
    hints: ['for example 0-1-270; `ecomdb backup window` shows those of the archive'],
  })
}
