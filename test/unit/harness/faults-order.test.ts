import { expect, test } from 'vitest'
import { ENGINE_FAMILIES } from '#domain/engine-family'
import { stagesOn } from '#harness/faults/job'
import { JOBS } from '#harness/faults/jobs'
import { FAULTS } from '#harness/faults/kinds'
import { nameOf, pairsByNumber } from '#harness/faults/suite'

const names = (of: (number: number) => Parameters<typeof nameOf>[0], from: number, count: number) =>
  new Set(Array.from({ length: count }, (_, index) => nameOf(of(from + index))))

test.each(ENGINE_FAMILIES)('%s: any 200 cases kill each job at each of its stages', family => {
  const jobs = JOBS.filter(({ on = family }) => on === family)
  const of = pairsByNumber(family, null)
  for (const seed of [1, 170_000, 99_999_999]) {
    const tried = names(of, seed, 200)
    for (const job of jobs) {
      for (const stage of stagesOn(job, family))
        expect(tried).toContain(`${job.name}, SIGKILL at a stage: ${stage}`)
      expect(tried).toContain(`${job.name}, SIGKILL at a random moment`)
    }
    for (const { name } of FAULTS) expect([...tried].some(one => one.endsWith(name))).toBe(true)
  }
})

test.each(ENGINE_FAMILIES)('%s: 450 cases try each fault on each job', family => {
  const jobs = JOBS.filter(({ on = family }) => on === family)
  const tried = names(pairsByNumber(family, null), 170_000, 450)
  for (const fault of FAULTS) {
    for (const job of jobs.filter(one => fault.appliesTo(one)))
      expect(tried).toContain(`${job.name}, ${fault.name}`)
  }
})

test('a part of the names is all that is tried', () => {
  const of = pairsByNumber('mysql', 'drill, SIGKILL at a stage')
  for (const name of names(of, 5, 20)) expect(name).toMatch(/^drill, SIGKILL at a stage: /)
  expect(() => pairsByNumber('mysql', 'nothing like it')).toThrow('no case has')
})
