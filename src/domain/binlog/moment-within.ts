/**
 * A whole second after the one and not after the other moment, as UTC with its offset. Of a window
 * that has none, as just after the first archive, its end.
 *
 * @param draw a whole number from the first to before the second
 */
export function momentWithin(
  { from, until }: { from: string; until: string },
  draw: (first: number, beyond: number) => number,
): string {
  const first = Math.ceil(Date.parse(from) / 1000)
  const last = Math.floor(Date.parse(until) / 1000)
  if (last < first) return until.replace('T', ' ')
  const second = draw(first, last + 1)
  return `${new Date(second * 1000).toISOString().slice(0, 19).replace('T', ' ')}Z`
}
