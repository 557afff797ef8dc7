import { fail, type HardeningCheck } from '../check.ts'
import { evidenceOf, isOn, judgeSettings, variable } from '../variables.ts'

export const eventScheduler: HardeningCheck = {
  id: 'H25',
  title: 'the event scheduler runs',
  why: 'it ends expired access when ecomdb itself does not run',
  references: [],
  severity: 'medium',
  judge(facts) {
    const name = 'event_scheduler'
    if (variable(facts, name).toUpperCase() === 'DISABLED') {
      return fail([evidenceOf(facts, name)], [{ kind: 'file', lines: [`${name} = ON`] }])
    }
    return judgeSettings(facts, [{ name, value: 'ON', holds: isOn(facts, name) }])
  },
}
