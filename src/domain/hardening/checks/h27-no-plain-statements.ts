import type { HardeningCheck } from '../check.ts'
import { isOn, judgeSettings } from '../variables.ts'

export const noPlainStatements: HardeningCheck = {
  id: 'H27',
  title: 'statements are not written to plain logs',
  why: "the general log has customers' data, and with log_raw passwords as they were typed",
  references: ['CIS 6.4', 'PCI DSS 8.3.2', 'ASVS 16.2.5'],
  severity: 'medium',
  judge: facts =>
    judgeSettings(
      facts,
      ['general_log', 'log_raw']
        .filter(name => facts.variables.has(name))
        .map(name => ({ name, value: 'OFF', holds: !isOn(facts, name) })),
    ),
}
