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
