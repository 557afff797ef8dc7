import { bodyOf, EVENT, type FileFormat, readHeader, readQuery } from './event.ts'
import { DEFAULTS_FOR_TIMESTAMP, findStatus, isStatement, statusOf } from './query-status.ts'

const GTIDS: ReadonlySet<number> = new Set([EVENT.gtid, EVENT.anonymousGtid, EVENT.taggedGtid])

/** What begins a transaction of several statements or rows, where the tool prints it. */
export const BEGINS = /^(?:BEGIN\s*$|XA START )/

/**
 * MySQL: explicit_defaults_for_timestamp of transactions in which a statement is marked with it, since it (or
 * a routine of it) names the type TIMESTAMP. No session can set it within a transaction, and so it is the same in
 * all of one; but mysqlbinlog prints it before each statement that is marked.
 */
export class TimestampDefaults {
  /** By how many transactions have begun before, in the log: 0 or 1. */
  readonly within = new Map<number, number>()
  #begun = 0
  #isWithin = false

  /** Whole events, in the order of the log. */
  look(events: Buffer, format: FileFormat): void {
    for (let at = 0; at < events.length; ) {
      const { size, type } = readHeader(events, at)
      if (GTIDS.has(type)) this.#isWithin = false
      // One that is compressed is of rows alone.
      else if (type === EVENT.transactionPayload) this.#begun += 1
      else if (isStatement(type)) this.#lookAt(bodyOf(events.subarray(at, at + size), format), type)
      at += size
    }
  }

  #lookAt(body: Buffer, type: number): void {
    if (type === EVENT.query && BEGINS.test(readQuery(body))) {
      this.#begun += 1
      this.#isWithin = true
      return
    }
    if (!this.#isWithin) return
    const status = statusOf(body, type)
    const found = findStatus(status, DEFAULTS_FOR_TIMESTAMP)
    if (found !== null) this.within.set(this.#begun - 1, status.readUInt8(found))
  }
}
