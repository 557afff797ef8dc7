import { loginAccounts } from '../accounts.ts'
import { fail, failIf, type HardeningCheck, type Judgement, notApplicable } from '../check.ts'
import type { HardeningFacts } from '../facts.ts'
import { evidenceOf, numberOf } from '../variables.ts'

const ATTEMPTS = 10

export const throttledLogins: HardeningCheck = {
  id: 'H16',
  title: 'guessing passwords is slowed down or blocked',
  why: 'a server that answers every guess at once will be guessed at until one is right',
  references: ['CIS 2.18', 'PCI DSS 8.3.4', 'ASVS 6.3.1'],
  severity: 'high',
  judge: facts => (facts.family === 'mysql' ? onMysql : onMariadb)(facts),
}

/** Slowed down for all by connection_control, or each account with a limit of its own. */
function onMysql(facts: HardeningFacts): Judgement {
  const threshold = ['component_connection_control.', 'connection_control_']
    .map(prefix => `${prefix}failed_connections_threshold`)
    .find(name => facts.variables.has(name))
  if (threshold && facts.plugins.get('connection_control')?.active) {
    const limit = numberOf(facts, threshold)
    return failIf(
      limit >= 1 && limit <= ATTEMPTS ? [] : [evidenceOf(facts, threshold)],
      [{ kind: 'setting', name: threshold, value: '3' }],
      { subject: threshold, detail: `connections slow down after ${limit} failures` },
    )
  }
  const accounts = loginAccounts(facts).filter(({ logins }) =>
    logins.some(({ credential }) => credential === 'password'),
  )
  if (accounts.length === 0) return notApplicable('no account has a password to guess')
  const open = accounts.filter(
    ({ failedLoginAttempts }) => failedLoginAttempts < 1 || failedLoginAttempts > ATTEMPTS,
  )
  return failIf(
    open.map(({ name }) => ({ subject: name, detail: `${name} may be guessed at without end` })),
    [{ kind: 'install', name: 'connection_control' }],
    { subject: 'accounts', detail: `${accounts.length} with a password, each with a limit` },
  )
}

function onMariadb(facts: HardeningFacts): Judgement {
  const name = 'max_password_errors'
  const limit = numberOf(facts, name)
  if (limit >= 1 && limit <= ATTEMPTS) {
    return {
      verdict: 'pass',
      evidence: [{ subject: name, detail: `an account is blocked after ${limit} failures` }],
      remedies: [],
    }
  }
  return fail([evidenceOf(facts, name)], [{ kind: 'setting', name, value: '5' }])
}
