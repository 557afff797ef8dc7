import { EcomdbError } from '#core/errors'
import type { GtidHistory } from './history.ts'

/** Half open: from <= number < to. */
interface Interval {
  from: bigint
  to: bigint
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const TAG = /^[a-z_][a-z0-9_]{0,31}$/
const RANGE = /^(\d{1,19})(?:-(\d{1,19}))?$/

/**
 * MySQL's set of transactions: for each source (a UUID, since 8.3 perhaps with a tag), which
 * numbers. As text: "uuid:1-5:7,uuid:tag:1-3" (MySQL manual, "GTID Sets").
 */
export class GtidSet implements GtidHistory {
  /** "uuid" or "uuid:tag" → intervals in order, none touching the next. */
  readonly #sources = new Map<string, Interval[]>()

  /** @throws EcomdbError USAGE when the text is none */
  static parse(text: string): GtidSet {
    const set = new GtidSet()
    for (const part of text.split(',')) {
      const [uuid = '', ...rest] = part.trim().toLowerCase().split(':')
      if (part.trim() === '') continue
      if (!UUID.test(uuid) || rest.length === 0) throw notASet(text)
      let source = uuid
      for (const item of rest.map(piece => piece.trim())) {
        const [, from, to = from] = RANGE.exec(item) ?? []
        if (from !== undefined && to !== undefined) {
          if (BigInt(from) < 1n || BigInt(to) < BigInt(from)) throw notASet(text)
          set.#add(source, { from: BigInt(from), to: BigInt(to) + 1n })
        } else if (TAG.test(item)) source = `${uuid}:${item}`
        else throw notASet(text)
      }
    }
    return set
  }

  clone(): GtidSet {
    const copy = new GtidSet()
    for (const [source, intervals] of this.#sources) {
      copy.#sources.set(
        source,
        intervals.map(interval => ({ ...interval })),
      )
    }
    return copy
  }

  record(gtid: string): void {
    const at = gtid.lastIndexOf(':')
    const number = BigInt(gtid.slice(at + 1))
    this.#add(gtid.slice(0, at), { from: number, to: number + 1n })
  }

  /** For whole intervals, as a file's first events have them. */
  add(source: string, from: bigint, to: bigint): void {
    this.#add(source, { from, to })
  }

  covers(wanted: string): boolean {
    return GtidSet.parse(wanted).minus(this).isEmpty()
  }

  has(gtid: string): boolean {
    const at = gtid.lastIndexOf(':')
    const number = BigInt(gtid.slice(at + 1))
    const intervals = this.#sources.get(gtid.slice(0, at)) ?? []
    return intervals.some(({ from, to }) => from <= number && number < to)
  }

  isEmpty(): boolean {
    return this.#sources.size === 0
  }

  /** What is in this set and not in the other. */
  minus(other: GtidSet): GtidSet {
    const left = new GtidSet()
    for (const [source, intervals] of this.#sources) {
      let open = intervals
      for (const taken of other.#sources.get(source) ?? []) {
        open = open.flatMap(one => without(one, taken))
      }
      for (const interval of open) left.#add(source, interval)
    }
    return left
  }

  toString(): string {
    const bySource = [...this.#sources].sort(([a], [b]) => (a < b ? -1 : 1))
    return bySource
      .map(([source, intervals]) => `${source}:${intervals.map(textOf).join(':')}`)
      .join(',')
  }

  #add(source: string, added: Interval): void {
    const intervals = this.#sources.get(source) ?? []
    const last = intervals.at(-1)
    // What follows the last one is by far the most frequent.
    if (last && last.to === added.from) {
      last.to = added.to
      return
    }
    const merged: Interval[] = []
    for (const one of [...intervals, added].sort((a, b) => (a.from < b.from ? -1 : 1))) {
      const before = merged.at(-1)
      if (!before || one.from > before.to) merged.push({ ...one })
      else if (one.to > before.to) before.to = one.to
    }
    this.#sources.set(source, merged)
  }
}

function without(one: Interval, taken: Interval): Interval[] {
  if (taken.to <= one.from || one.to <= taken.from) return [one]
  return [
    ...(one.from < taken.from ? [{ from: one.from, to: taken.from }] : []),
    ...(taken.to < one.to ? [{ from: taken.to, to: one.to }] : []),
  ]
}

function textOf({ from, to }: Interval): string {
  return to - from === 1n ? String(from) : `${from}-${to - 1n}`
}

function notASet(text: string): EcomdbError {
  return new EcomdbError('USAGE', {
    what: `"${text}" is not a GTID set of MySQL`,
    why: 'it is UUID:NUMBER, UUID:FROM-TO or several of them with commas between',
    hints: [
      'for example 3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5; `ecomdb backup window` shows those of the archive',
    ],
  })
}
