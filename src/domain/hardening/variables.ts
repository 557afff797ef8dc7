import type { Evidence, Judgement } from './check.ts'
import { failIf } from './check.ts'
import type { HardeningFacts } from './facts.ts'

/** A global variable as text; "" where the server has none of this name. */
export function variable({ variables }: HardeningFacts, name: string): string {
  return variables.get(name) ?? ''
}

export function isOn(facts: HardeningFacts, name: string): boolean {
  return ['ON', '1', 'YES', 'TRUE'].includes(variable(facts, name).toUpperCase())
}

export function numberOf(facts: HardeningFacts, name: string): number {
  return Number(variable(facts, name))
}

export function evidenceOf(facts: HardeningFacts, name: string): Evidence {
  const value = facts.variables.get(name)
  const shown =
    value === undefined ? 'is not there' : value === null ? 'is NULL' : `is ${value || "''"}`
  return { subject: name, detail: `${name} ${shown}` }
}

export interface WantedSetting {
  name: string
  /** What to set where it does not hold. */
  value: string
  holds: boolean
}

/** Every setting holds, or the ones that do not are what is wrong. */
export function judgeSettings(facts: HardeningFacts, wanted: readonly WantedSetting[]): Judgement {
  const wrong = wanted.filter(({ holds }) => !holds)
  return failIf(
    wrong.map(({ name }) => evidenceOf(facts, name)),
    wrong.map(({ name, value }) => ({ kind: 'setting', name, value })),
    {
      subject: wanted[0]?.name ?? '',
      detail: wanted.map(({ name }) => evidenceOf(facts, name).detail).join(', '),
    },
  )
}
