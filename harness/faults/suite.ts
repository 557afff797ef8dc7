import type { EngineFamily } from '#domain/engine-family'
import { Random } from '#domain/sample/random'
import type { HarnessCase, Suite } from '../suite.ts'
import type { Job } from './job.ts'
import { JOBS } from './jobs.ts'
import { FAULTS, type Fault } from './kinds.ts'
import { requireNothingRuns } from './left-running.ts'
import { Place } from './place.ts'

/**
 * Every job, cut short and disturbed in every way. What must hold, checked by a real restore:
 * a snapshot is absent, or complete and restorable; no failure ends with 0; nothing earlier
 * is harmed; the next run succeeds, and leaves nothing running.
 *
 * --only takes a part of a case's name: "drill", "SIGKILL", "restore, the server".
 */
export const faults: Suite = {
  name: 'faults',
  defaultCount: 40,
  async prepare({ family, folder, seed, count, only }) {
    const pairs = pairsOf(family).filter(pair => only === null || nameOf(pair).includes(only))
    if (pairs.length === 0) throw new RangeError(`no case has '${only}' in its name`)
    const place = await Place.make(family, folder)
    // Each pair once, then each again at other moments.
    const cases = Array.from({ length: count }, (_, index) => {
      const number = seed + index
      return caseOf(place, number, pairs[(number * STRIDE) % pairs.length] as Pair)
    })
    return { cases, close: () => place.close() }
  },
}

interface Pair {
  job: Job
  fault: Fault
}

/** Mixes the pairs, so that a run that is cut short has met every job and every fault. */
const STRIDE = 37

function pairsOf(family: EngineFamily): Pair[] {
  const jobs = JOBS.filter(({ on = family }) => on === family)
  return FAULTS.flatMap(fault =>
    jobs.filter(job => fault.appliesTo(job)).map(job => ({ job, fault })),
  )
}

const nameOf = ({ job, fault }: Pair): string => `${job.name}, ${fault.name}`

function caseOf(place: Place, seed: number, pair: Pair): HarnessCase {
  return {
    name: `${nameOf(pair)} (seed ${seed})`,
    expected:
      'absent or whole, never 0 for a failure, nothing harmed, the next run succeeds, nothing is left running',
    async run() {
      const one = await place.begin()
      try {
        const seen = await pair.fault.run(one, pair.job, new Random(seed))
        await requireNothingRuns(one)
        return seen
      } finally {
        await one.remove()
      }
    },
  }
}
