import type { HardeningCheck } from '../check.ts'
import { judgeSettings, numberOf } from '../variables.ts'

export const idleTime: HardeningCheck = {
  id: 'H26',
  title: 'a session that nobody uses ends',
  why: 'a desk that somebody left is an open door to all that he may do',
  references: ['PCI DSS 8.2.8', 'ASVS 7.3.1'],
  severity: 'low',
  judge: (facts, { idleSeconds }) =>
    judgeSettings(
      facts,
      ['interactive_timeout', 'wait_timeout'].map(name => ({
        name,
        value: String(idleSeconds),
        holds: numberOf(facts, name) <= idleSeconds,
      })),
    ),
}
