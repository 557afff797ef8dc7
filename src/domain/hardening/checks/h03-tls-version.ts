import { failIf, type HardeningCheck, notApplicable } from '../check.ts'
import { variable } from '../variables.ts'

const GOOD = ['TLSv1.2', 'TLSv1.3']

export const tlsVersion: HardeningCheck = {
  id: 'H03',
  title: 'TLS is 1.2 or newer',
  why: 'TLS 1.0 and 1.1 can be broken, and a client that is asked to will use them',
  references: ['CIS 2.15', 'PCI DSS 2.2.7', 'ASVS 12.1.1'],
  severity: 'medium',
  judge(facts) {
    if (!facts.tlsAvailable) return notApplicable('the server speaks no TLS at all (H01)')
    const versions = variable(facts, 'tls_version').split(',').filter(Boolean)
    const old = versions.filter(version => !GOOD.includes(version))
    return failIf(
      old.map(version => ({ subject: 'tls_version', detail: `${version} is accepted` })),
      [{ kind: 'setting', name: 'tls_version', value: GOOD.join(',') }],
      { subject: 'tls_version', detail: versions.join(' and ') },
    )
  },
}
