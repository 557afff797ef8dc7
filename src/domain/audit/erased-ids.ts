import type { ErasureRecord } from './erasure.ts'
import { firstThatReaches, type IdRange, parseRanges } from './id-ranges.ts'

/** Which events signed erasures made, and which have lost their salts by them. */
export class ErasedIds {
  readonly #events: readonly IdRange[]
  readonly #salts: readonly IdRange[]

  constructor(records: readonly ErasureRecord[]) {
    this.#events = sorted(records.map(({ events }) => events))
    this.#salts = sorted(records.map(({ salts }) => salts))
  }

  hasEvent(id: number): boolean {
    return isIn(this.#events, id)
  }

  hasSalt(id: number): boolean {
    return isIn(this.#salts, id)
  }
}

function sorted(texts: readonly string[]): IdRange[] {
  return texts.flatMap(parseRanges).sort((a, b) => a[0] - b[0])
}

/** No two erasures have an id in common: an event is made once, and has one salt. */
function isIn(ranges: readonly IdRange[], id: number): boolean {
  const range = ranges[firstThatReaches(ranges, id)]
  return range !== undefined && range[0] <= id
}
