/** Sets of event ids, as ranges in ascending order, both ends inclusive. */
export type IdRange = readonly [from: number, to: number]

/** Builds ranges of ids that come in ascending order. */
export class RangeBuilder {
  readonly ranges: [number, number][] = []
  #count = 0

  get count(): number {
    return this.#count
  }

  add(id: number): void {
    this.#count += 1
    const last = this.ranges.at(-1)
    if (last && last[1] + 1 === id) last[1] = id
    else this.ranges.push([id, id])
  }
}

/** "1-500,503" */
export function rangesText(ranges: readonly IdRange[]): string {
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',')
}

/** @throws RangeError when it is not what rangesText writes, ascending and apart */
export function parseRanges(text: string): IdRange[] {
  if (text === '') return []
  let last = -1
  return text.split(',').map(part => {
    const match = /^(\d{1,15})(?:-(\d{1,15}))?$/.exec(part)
    const from = Number(match?.[1])
    const to = Number(match?.[2] ?? match?.[1])
    if (!match || from > to || from <= last) throw new RangeError(`no range of ids: ${part}`)
    last = to
    return [from, to] as const
  })
}

export function countIds(ranges: readonly IdRange[]): number {
  return ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0)
}

/** What is in `all` and not in `without`; both ascending. */
export function subtractRanges(
  all: readonly IdRange[],
  without: readonly IdRange[],
): [number, number][] {
  const left: [number, number][] = []
  let at = 0
  for (const [from, to] of all) {
    let start = from
    while (at < without.length && (without[at]?.[1] ?? 0) < start) at += 1
    for (let next = at; next < without.length; next += 1) {
      const [cutFrom, cutTo] = without[next] ?? [0, 0]
      if (cutFrom > to) break
      if (cutFrom > start) left.push([start, cutFrom - 1])
      start = Math.max(start, cutTo + 1)
    }
    if (start <= to) left.push([start, to])
  }
  return left
}

/** What is in both; ascending. Looks only at those of `others` that can meet one of `some`. */
export function commonRanges(
  some: readonly IdRange[],
  others: readonly IdRange[],
): [number, number][] {
  const common: [number, number][] = []
  for (const [from, to] of some) {
    for (let at = firstThatReaches(others, from); at < others.length; at += 1) {
      const [start, end] = others[at] ?? [0, 0]
      if (start > to) break
      common.push([Math.max(from, start), Math.min(to, end)])
    }
  }
  return common
}

/** By halves: the place of the first range that ends at `id` or later. */
export function firstThatReaches(ranges: readonly IdRange[], id: number): number {
  let [low, high] = [0, ranges.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ranges[middle]?.[1] ?? 0) < id) low = middle + 1
    else high = middle
  }
  return low
}
