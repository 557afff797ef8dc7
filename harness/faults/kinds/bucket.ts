import type { Random } from '#domain/sample/random'
import { cephMissing } from '#test/ceph'
import type { Fate } from '#test/fault-proxy'
import { NotTried } from '../../suite.ts'
import type { Case } from '../case.ts'
import { ended, runJob } from '../cut-short.ts'
import type { Job } from '../job.ts'
import type { Fault } from '../kinds.ts'

/** What a bucket answers to some requests in a row, or to all from one on. */
const FATES: readonly Fate[] = [
  500,
  503,
  'slow',
  403,
  'reset',
  'cut-request',
  'lose-answer',
  'cut-answer',
]

const lives = (job: Job): boolean => job.writes !== 'configuration'

/** The repository in a bucket of Ceph, and a proxy before it that does this to some requests. */
function bucketFault(fate: Fate): Fault {
  return {
    name: `a bucket: ${typeof fate === 'number' ? `answers ${fate}` : fate}`,
    appliesTo: lives,
    async run(one, job, random) {
      const missing = cephMissing()
      if (missing) throw new NotTried(missing)
      await job.prepare?.(one)
      // What is locked cannot be expired.
      await one.moveToBucket(job.name !== 'backup expire' && random.chance(0.3))
      const met = strike(one, fate, random)
      const run = await runJob(one, job, null)
      one.fate = () => 'pass'
      if (met() === 0 && run.status !== 0) throw new Error(`exit ${run.status}\n${run.stderr}`)
      return `${met()} requests met it: ${ended(run)}; ${await job.recover(one)}`
    },
  }
}

/** From one request on, for some of them or for good. @returns how many met it */
function strike(one: Case, fate: Fate, random: Random): () => number {
  // A drill asks a dozen times, a backup many dozens.
  const from = random.between(1, 9)
  // What is tried again passes in the end; a refusal is not, and a few outlast all patience.
  const lasts = fate === 403 && random.chance(0.5) ? Number.POSITIVE_INFINITY : random.between(1, 4)
  let seen = 0
  let met = 0
  one.fate = () => {
    seen += 1
    if (seen < from || met >= lasts) return 'pass'
    met += 1
    return fate
  }
  return () => met
}

export const bucketFaults: readonly Fault[] = FATES.map(bucketFault)
