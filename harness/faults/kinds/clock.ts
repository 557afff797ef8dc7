import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from '#domain/sample/random'
import type { Case } from '../case.ts'
import { ended, lengthOf, runJob } from '../cut-short.ts'
import { type Job, stagesOn } from '../job.ts'
import type { Fault } from '../kinds.ts'
import type { Interference, ToolRun } from '../tool-run.ts'

const SECOND_MS = 1000
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const beforeARun: Fault = {
  name: 'the clock goes back',
  appliesTo: job => job.byClock !== undefined,
  async run(one, job, random) {
    await job.prepare?.(one)
    // The repository's own time: what is there was written by a clock that was ahead.
    const hours = random.between(1, 4000)
    await job.byClock?.(one, {
      now: () => new Date(Date.now() + hours * HOUR_MS),
      monotonicMs: () => performance.now(),
    })
    requireDone(await one.interfered(await job.args(one), null))
    return `${hours} h back; ${await job.recover(one)}`
  },
}

const withinARun: Fault = {
  name: 'the clock goes back while it runs',
  appliesTo: () => true,
  async run(one, job, random) {
    await job.prepare?.(one)
    const back = howFar(random)
    // Until it is right again, such a job goes on telling of it, and does nothing.
    const staysBack = random.chance(0.5) && job.tellsOfClock === undefined
    const { when, words } = moment(one, job, random)
    const file = join(one.folder, 'clock-is-behind')
    one.useClockOf(file)
    const run = await runJob(one, job, {
      ...when,
      act: () => writeFileSync(file, String(back.ms)),
    })
    if (!toldOfClock(job, run)) requireDone(run)
    // Somebody sets it right, or the runs behind it have the same clock.
    if (!staysBack) rmSync(file, { force: true })
    const seen = await job.recover(one)
    const then = staysBack ? 'it stays there' : 'it is right again'
    return `${ended(run, `${back.words} back ${words}`)}, ${then}; ${seen}`
  },
}

const toldOfClock = (job: Job, { status, stdout }: ToolRun): boolean =>
  job.tellsOfClock === true && status === 3 && /\b(?:future|time-backwards)\b/.test(stdout)

function requireDone({ status, stderr }: ToolRun): void {
  if (status !== 0) throw new Error(`exit ${status} after it\n${stderr}`)
}

/** A clock that is corrected, one of another time zone, one whose battery is empty. */
function howFar(random: Random): { ms: number; words: string } {
  const [unit, unitMs, most] = random.pick([
    ['s', SECOND_MS, 59],
    ['h', HOUR_MS, 23],
    ['days', DAY_MS, 20],
  ] as const)
  const count = random.between(1, most)
  return { ms: count * unitMs, words: `${count} ${unit}` }
}

function moment(
  one: Case,
  job: Job,
  random: Random,
): { when: Omit<Interference, 'act'>; words: string } {
  const stages = stagesOn(job, one.place.family)
  if (stages.length > 0 && random.chance(0.6)) {
    const atStage = random.pick(stages)
    return { when: { atStage }, words: `at '${atStage}'` }
  }
  const afterMs = random.between(100, lengthOf(one, job))
  return { when: { afterMs }, words: `after ${afterMs} ms` }
}

export const clockFaults: readonly Fault[] = [beforeARun, withinARun]
