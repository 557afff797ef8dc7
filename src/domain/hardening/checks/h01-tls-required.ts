import { fail, type HardeningCheck, notApplicable, pass } from '../check.ts'
import { evidenceOf, isOn } from '../variables.ts'

/** A certificate alone is no answer: it offers TLS, and a client may decline. */
export const tlsRequired: HardeningCheck = {
  id: 'H01',
  title: 'the server refuses connections without TLS',
  why: 'without it a password and every row can be read, and changed, on the way',
  references: ['CIS 8.1', 'PCI DSS 2.2.7', 'ASVS 12.3.1'],
  severity: 'high',
  judge(facts) {
    if (isOn(facts, 'skip_networking')) {
      return notApplicable('skip_networking is ON: the server has no network to listen on')
    }
    if (!facts.tlsAvailable) {
      return fail(
        [{ subject: 'certificate', detail: 'the server has no certificate, so it speaks no TLS' }],
        [
          { kind: 'advice', text: '`ecomdb harden certificates` makes the files that this names' },
          {
            kind: 'file',
            lines: [
              'ssl_ca = FOLDER/ca.pem',
              'ssl_cert = FOLDER/server-cert.pem',
              'ssl_key = FOLDER/server-key.pem',
              'require_secure_transport = ON',
            ],
          },
        ],
      )
    }
    if (isOn(facts, 'require_secure_transport')) {
      return pass('require_secure_transport', 'require_secure_transport is ON')
    }
    return fail(
      [evidenceOf(facts, 'require_secure_transport')],
      [{ kind: 'setting', name: 'require_secure_transport', value: 'ON' }],
    )
  },
}
