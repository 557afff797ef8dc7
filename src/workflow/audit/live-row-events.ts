import { frame } from '#domain/audit/canonical'
import { type AuditEvent, rowStates } from '#domain/audit/event'
import { Spill } from './spill.ts'

/** Shares of the keys that are looked at one after the other. */
const BUCKETS = 64

/**
 * Which events say what a row holds that is there: retention must leave them, or the row would
 * have none. Events are given in the order of their ids; memory is that of the answer.
 */
export class LiveRowEvents {
  readonly #spill = new Spill(BUCKETS)
  readonly #tables: ReadonlyMap<number, string>
  readonly #always: number[] = []

  constructor(tables: ReadonlyMap<number, string>) {
    this.#tables = tables
  }

  add(event: AuditEvent): void {
    const { id, kind, layout } = event
    // An erasure holds nothing of the person, and says why salts are gone.
    if (kind === 'X') this.#always.push(id)
    const table = this.#tables.get(layout)
    if (table === undefined) return
    for (const { key, gone } of rowStates(event)) {
      this.#spill.add(frame([Buffer.from(table), key]), recordOf(id, gone))
    }
  }

  /** Ascending. @param last the highest id that is asked about */
  ids(last: number): number[] {
    const ids = this.#always.filter(id => id <= last)
    for (const bucket of this.#spill.buckets()) {
      const newest = new Map<string, Buffer>()
      for (const { key, record } of bucket) newest.set(key.toString('latin1'), record)
      for (const record of newest.values()) {
        const id = Number(record.readBigUInt64LE(0))
        if (record[8] === 0 && id <= last) ids.push(id)
      }
    }
    return ids.sort((a, b) => a - b)
  }

  close(): void {
    this.#spill.close()
  }
}

function recordOf(id: number, gone: boolean): Buffer {
  const record = Buffer.alloc(9)
  record.writeBigUInt64LE(BigInt(id), 0)
  record[8] = gone ? 1 : 0
  return record
}
