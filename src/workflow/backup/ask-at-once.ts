import { randomInt } from 'node:crypto'

const ASKED_AT_ONCE = 8

/** One question for each, some of them at once. */
export async function askAtOnce<One>(
  all: readonly One[],
  ask: (one: One) => Promise<void>,
): Promise<void> {
  const waiting = [...all]
  const askOn = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await ask(next)
  }
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, askOn))
}

/** Some seconds; of more, this many drawn by lot, so that run after run all are asked about. */
export const MOST_ASKED = 1000

/** So many of them, by lot; all of them where they are no more. */
export function drawn<One>(all: readonly One[], count: number): One[] {
  if (all.length <= count) return [...all]
  const left = [...all]
  return Array.from({ length: count }, () => left.splice(randomInt(left.length), 1)).flat()
}
