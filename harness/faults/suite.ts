import type { EngineFamily } from '#domain/engine-family'
import { Random } from '#domain/sample/random'
import type { HarnessCase, Suite } from '../suite.ts'
import { type Job, stagesOn } from './job.ts'
import { JOBS } from './jobs.ts'
import { FAULTS, type Fault, killAt, killAtMoment } from './kinds.ts'
import { requireNothingRuns } from './left-running.ts'
import { Place } from './place.ts'

/**
 * Every job, cut short and disturbed in every way. What must hold, checked by a real restore:
 * a snapshot is absent, or complete and restorable; no failure ends with 0; nothing earlier
 * is harmed; the next run succeeds, and leaves nothing running.
 *
 * Of any 200 numbers one half kills each job at each of its stages, and at a random moment; the other is of every other fault.
 *
 * --only takes a part of a case's name: "drill", "SIGKILL", "restore, the server".
 */
export const faults: Suite = {
  name: 'faults',
  defaultCount: 40,
  async prepare({ family, folder, seed, count, only }) {
    const pairOf = pairsByNumber(family, only)
    const place = await Place.make(family, folder)
    const cases = Array.from({ length: count }, (_, index) => {
      const number = seed + index
      return caseOf(place, number, pairOf(number))
    })
    return { cases, close: () => place.close() }
  },
}

/**
 * @param only part of a pair's name
 * @returns the pair of a case's number: each once, then each again at other moments
 */
export function pairsByNumber(family: EngineFamily, only: string | null): (number: number) => Pair {
  const jobs = JOBS.filter(({ on = family }) => on === family)
  const kinds = [kills(family, jobs), otherPairs(jobs)]
    .map(pairs => pairs.filter(pair => only === null || nameOf(pair).includes(only)))
    .filter(pairs => pairs.length > 0)
  if (kinds.length === 0) throw new RangeError(`no case has '${only}' in its name`)
  return number => {
    const pairs = kinds[number % kinds.length] as Pair[]
    const stride = pairs.length % STRIDE === 0 ? 1 : STRIDE
    return pairs[(Math.floor(number / kinds.length) * stride) % pairs.length] as Pair
  }
}

interface Pair {
  job: Job
  fault: Fault
}

/** Mixes the pairs, so that a run that is cut short has met every job and every fault. */
const STRIDE = 37

function kills(family: EngineFamily, jobs: readonly Job[]): Pair[] {
  return jobs.flatMap(job =>
    [...stagesOn(job, family).map(killAt), killAtMoment].map(fault => ({ job, fault })),
  )
}

function otherPairs(jobs: readonly Job[]): Pair[] {
  return FAULTS.flatMap(fault =>
    jobs.filter(job => fault.appliesTo(job)).map(job => ({ job, fault })),
  )
}

export const nameOf = ({ job, fault }: Pair): string => `${job.name}, ${fault.name}`

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
