import { join } from 'node:path'
import type { HarnessCase, Suite, SuiteContext } from '../suite.ts'
import { withinLimit } from '../time-limit.ts'
import { runProbes } from './probe-case.ts'
import { runRound } from './round.ts'

/**
 * A restore to a moment replays the source's log on another server: what the source holds and what
 * comes back are read with statements of their own, and compared. Cases are in turns
 *
 * - probes: groups of a fixed list, each about a setting, a function or an account that a log may
 *   not tell of;
 * - rounds: generated statements of several clients under settings that are drawn.
 *
 * --only probes, --only rounds: one of the two. A restore that ends with 3 has said what may
 * differ; its case is good, and its detail says how much did. One that stands still is a failure.
 */
export const replay: Suite = {
  name: 'replay',
  defaultCount: 20,
  async prepare({ family, folder, seed, count, only }: SuiteContext) {
    const kinds = KINDS.filter(({ name }) => only === null || only === name)
    if (kinds.length === 0) throw new RangeError(`nothing of replay is named '${only}'`)
    const cases = Array.from({ length: count }, (_, index): HarnessCase => {
      const number = seed + index
      const { name, run } = kinds[number % kinds.length] as Kind
      return {
        name: `${name} of seed ${number}`,
        expected: EXPECTED,
        run: () => {
          // Short: the path of a socket has 107 bytes.
          const own = join(folder, String(number))
          return withinLimit(own, LIMIT_MS, () => run(family, own, number))
        },
      }
    })
    return { cases, close: () => Promise.resolve() }
  },
}

/** Ten times of what a case takes on two processors. */
const LIMIT_MS = 5 * 60_000

const EXPECTED =
  'a restore to a moment brings back what the source held then, or says that it may not'

interface Kind {
  name: string
  run: typeof runProbes
}

const KINDS: readonly Kind[] = [
  { name: 'probes', run: runProbes },
  { name: 'rounds', run: runRound },
]
