import { type Evidence, failIf, type HardeningCheck, notApplicable, type Remedy } from '../check.ts'
import type { HardeningFacts } from '../facts.ts'
import { evidenceOf, isOn, variable } from '../variables.ts'

const EVERYWHERE = ['*', '', '0.0.0.0', '::', '0:0:0:0:0:0:0:0']

/** MySQL's X Protocol has a port and an address of its own. */
export const bindAddress: HardeningCheck = {
  id: 'H20',
  title: 'the server listens on the addresses that it is meant to',
  why: 'an address that nobody needs is one that everybody can try',
  references: ['CIS 2.14', 'PCI DSS 2.2.6'],
  severity: 'medium',
  judge(facts) {
    if (isOn(facts, 'skip_networking')) {
      return notApplicable('skip_networking is ON: the server has no network to listen on')
    }
    const names = [
      'bind_address',
      ...(facts.plugins.get('mysqlx')?.active ? ['mysqlx_bind_address'] : []),
    ]
    const open = names.filter(name => everywhere(facts, name))
    const evidence: Evidence[] = open.map(name => ({
      subject: name,
      detail: `${evidenceOf(facts, name).detail}: every address of the machine`,
    }))
    const remedies: Remedy[] = open.map(name => ({ kind: 'setting', name, value: '127.0.0.1' }))
    const detail = names.map(name => evidenceOf(facts, name).detail).join(', ')
    return failIf(evidence, remedies, { subject: 'bind_address', detail })
  },
}

/** A list of addresses on MySQL, each perhaps with a network namespace behind a slash. */
function everywhere(facts: HardeningFacts, name: string): boolean {
  return variable(facts, name)
    .split(',')
    .some(address => EVERYWHERE.includes((address.split('/')[0] ?? '').trim()))
}
