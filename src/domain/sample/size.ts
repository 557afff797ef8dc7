import { EcomdbError } from '#core/errors'

/** How many rows of each kind; the others follow from these (products 4, refunds about 4 %). */
export interface SampleSize {
  sessions: number
  pageviews: number
  items: number
  messages: number
}

/** Scale 1: 4.6 million rows, what the benchmarks use. */
export const BENCHMARK_SIZE: SampleSize = {
  sessions: 1_000_000,
  pageviews: 2_500_000,
  items: 100_000,
  messages: 1_000_000,
}

const LARGEST = 1_000_000_000

/**
 * The size for a scale, with single numbers given by hand instead.
 *
 * @param scale a number as text: 1, 0.01, 20
 * @throws EcomdbError USAGE for a size that no shop can have
 */
export function sampleSize(scale: string, chosen: Partial<SampleSize>): SampleSize {
  const factor = Number(scale)
  const part = (kind: keyof SampleSize): number =>
    chosen[kind] ?? Math.round(BENCHMARK_SIZE[kind] * factor)
  const size = {
    sessions: part('sessions'),
    pageviews: part('pageviews'),
    items: part('items'),
    messages: part('messages'),
  }
  for (const [kind, count] of Object.entries(size)) {
    if (!(Number.isSafeInteger(count) && count >= 0 && count <= LARGEST)) {
      throw new EcomdbError('USAGE', {
        what: `cannot make ${count} ${kind}`,
        why: `a whole number from 0 to ${LARGEST} is needed`,
      })
    }
  }
  if (size.sessions === 0 && size.pageviews + size.items + size.messages > 0) {
    throw new EcomdbError('USAGE', {
      what: 'a shop without sessions has no pageviews, items or messages',
      hints: ['give --sessions 1 or more'],
    })
  }
  return size
}
