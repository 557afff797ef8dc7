import type { HardeningCheck } from '../check.ts'
import { isOn, judgeSettings } from '../variables.ts'

export const noLocalInfile: HardeningCheck = {
  id: 'H17',
  title: 'the server does not ask clients for their files',
  why: 'with local_infile a statement that somebody slipped in can read files of the web server',
  references: ['CIS 4.4', 'PCI DSS 2.2.4'],
  severity: 'medium',
  judge: facts =>
    judgeSettings(facts, [
      { name: 'local_infile', value: 'OFF', holds: !isOn(facts, 'local_infile') },
    ]),
}
