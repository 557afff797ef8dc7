import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '#domain/sample/random'
import type { Case } from './case.ts'
import {
  cutShort,
  ended,
  kill,
  lengthOf,
  requireHonest,
  requireStages,
  runJob,
  send,
} from './cut-short.ts'
import { type Job, stagesOn } from './job.ts'
import { bucketFaults } from './kinds/bucket.ts'
import { clockFaults } from './kinds/clock.ts'
import { diskFaults } from './kinds/disk.ts'

/** Something that goes wrong while a job runs. */
export interface Fault {
  name: string
  appliesTo(job: Job): boolean
  /** @returns what was seen, in words; throws when the invariant does not hold */
  run(one: Case, job: Job, random: Random): Promise<string>
}

const always = (): boolean => true

export const killAt = (atStage: string): Fault => ({
  name: `SIGKILL at a stage: ${atStage}`,
  appliesTo: always,
  run: (one, job) => cutShort(one, job, { atStage, act: kill }, `SIGKILL at '${atStage}'`),
})

export const killAtMoment: Fault = {
  name: 'SIGKILL at a random moment',
  appliesTo: always,
  run: (one, job, random) => atMoment(one, job, random, 'SIGKILL'),
}

const terminate: Fault = {
  name: 'SIGTERM at a random moment',
  appliesTo: always,
  run: (one, job, random) => atMoment(one, job, random, 'SIGTERM'),
}

function atMoment(one: Case, job: Job, random: Random, signal: NodeJS.Signals): Promise<string> {
  const afterMs = random.between(100, lengthOf(one, job))
  const act = (pid: number): void => send(pid, signal)
  return cutShort(one, job, { afterMs, act }, `${signal} after ${afterMs} ms`)
}

const serverDies: Fault = {
  name: 'the server is killed',
  appliesTo: job => job.server !== null,
  async run(one, job, random) {
    await job.prepare?.(one)
    const { place } = one
    const server = job.server === 'source' ? place.source : await place.target()
    const afterMs = random.between(200, lengthOf(one, job))
    const run = await one.interfered(await job.args(one), {
      afterMs,
      act: () => kill(server.pid),
    })
    kill(server.pid)
    await sleep(200)
    await place.restart(server)
    await requireHonest(one, job, run)
    const what = `the server's end after ${afterMs} ms`
    return `${ended(run, what)}; ${await job.recover(one)}`
  },
}

const twoAtOnce: Fault = {
  name: 'two at once',
  appliesTo: always,
  async run(one, job) {
    await job.prepare?.(one)
    const args = await job.args(one)
    const both = await Promise.all([1, 2].map(() => one.interfered(args, null)))
    const statuses = both.map(({ status }) => status)
    if (!statuses.includes(0)) {
      throw new Error(`neither did it: exits ${statuses.join(', ')}\n${both[0]?.stderr}`)
    }
    for (const { status, stderr } of both) {
      if (status === 1) throw new Error(`a bug: exit 1\n${stderr}`)
    }
    return `exits ${statuses.join(' and ')}; ${await job.recover(one)}`
  },
}

const nothing: Fault = {
  name: 'nothing goes wrong',
  appliesTo: always,
  async run(one, job) {
    await job.prepare?.(one)
    const run = await runJob(one, job, null)
    if (run.status !== 0) throw new Error(`exit ${run.status}\n${run.stderr}`)
    requireStages(run, stagesOn(job, one.place.family))
    return `${Math.round(run.tookMs)} ms; ${await job.recover(one)}`
  },
}

/** Add a fault here, beside the kills. The first measures how long the job takes, for the moments of the others. */
export const FAULTS: readonly Fault[] = [
  nothing,
  terminate,
  serverDies,
  twoAtOnce,
  ...clockFaults,
  ...diskFaults,
  ...bucketFaults,
]
